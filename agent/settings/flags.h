// The command line alone: which command, and the text that each flag was given. CLI11 does the work.
// Used by command_line, which adds variables, file and defaults.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "agent/settings/command_line.h"

namespace outrigger::settings {

struct Flags {
    Command command = Command::run;
    std::map<std::string, std::string, std::less<>> texts;  // by the setting's name
    std::string help;                                       // what --help prints
};

// Throws SettingsError. An argument that is not understood may hold a password: it is shown by mask_text, if at all.
Flags parse_flags(const std::vector<std::string>& arguments);

}  // namespace outrigger::settings
