// The one table of settings: each row declares a flag, its variable, its file key, its help and how its text is read.
// Used by command_line (which adds the layers of precedence) and by the tests that go over every row.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "agent/settings/settings.h"

namespace outrigger::settings {

struct Declared {
    std::string_view name;      // `--name` on the command line, `name` in the file
    std::string_view variable;  // in the environment
    std::string_view placeholder;
    std::string_view help;
    std::string_view accepted;      // completes "is not accepted; accepted: ..."
    std::string_view default_text;  // for the help, where the default is a rule; else empty, and the default is printed
    bool secret;                    // the text as given must never be shown
    bool (*read)(std::string_view text, Settings& settings);  // false: not accepted, settings as before
    std::string (*show)(const Settings& settings);  // the value in the form that `read` takes; masked if secret
};

std::span<const Declared> declared();

}  // namespace outrigger::settings
