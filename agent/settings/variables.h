// Which OUTRIGGER_* variables there are: those of the settings, those of emitter and app (one .env serves all), and
// those that Kubernetes makes for a service called "outrigger". Used by command_line.
#pragma once

#include "agent/settings/command_line.h"

namespace outrigger::settings {

// Throws SettingsError, naming the variable (not its value) and the nearest known one.
void refuse_unknown_variables(const Environment& environment);

}  // namespace outrigger::settings
