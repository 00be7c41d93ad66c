// Where journal and checkpoints live when nobody says: /var/lib/outrigger, else $XDG_STATE_HOME/outrigger, else
// ~/.local/state/outrigger. Used by command_line; nothing is made here.
#pragma once

#include <string>

#include "agent/settings/command_line.h"

namespace outrigger::settings {

// The first that may hold data; the first of all when none may, so that there is one name to complain about.
std::string choose_data_dir(const Surroundings& surroundings);

// False when this user may not write there, or may not make it. A disk that is full or read-only for now is no
// reason to begin a second journal elsewhere: true.
bool may_hold_data(const std::string& directory);

}  // namespace outrigger::settings
