// argv + environment + config file -> what to do, and a valid Settings with the source of each value.
// Used by main, once, before any thread is started. Pure but for reading --config and looking up users and groups.
//
//   const auto line = parse(arguments, this_process());   // throws SettingsError: print what(), exit 2
//   if (!line.text.empty()) { print line.text; exit 0 }   // help, version, check
//   if (line.command == Command::health) { ask_health(line.settings.http_host, line.settings.http_port) -> exit 0 or 1
//   } if it is one of the journal's: ask_journal(line), print it, exit
//   for (note : line.notes) log it; run line.settings
#pragma once

#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "agent/settings/settings.h"

namespace outrigger::settings {

class FlagReader;

enum class Command { run, check, health, journal_ls, journal_verify, help, version };

// One line for people: the setting, its value (masked), where it came from and what is accepted.
struct SettingsError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

using Environment = std::map<std::string, std::string, std::less<>>;

// What parsing sees of the world, so that tests can say what it is.
struct Surroundings {
    Environment environment;
    bool stderr_is_terminal = false;
    std::function<bool(const std::string& directory)> may_hold_data;  // see data_dir.h
    std::function<bool(const std::string& path)> is_socket;           // see datadog.h; null: nothing is
};

Surroundings this_process();

// A setting as `check` and /status show it: secrets are masked, source is "default", "flag", "variable X" or "file
// F:7".
struct EffectiveSetting {
    std::string name;
    std::string value;
    std::string source;
};

struct CommandLine {
    Command command = Command::run;
    Settings settings;
    std::vector<EffectiveSetting> effective;  // one for each setting, in the order of the help; empty for help, version
    std::vector<std::string> notes;           // to be said once at start
    std::vector<std::string> warnings;        // louder
    std::string text;                         // what help, version and check print; empty for run and health
};

// Precedence: flag, variable, file, default. `arguments` are argv without the program's name.
// An unknown flag, command, file key or OUTRIGGER_* variable is an error that names it and the nearest known name.
CommandLine parse(const std::vector<std::string>& arguments, const Surroundings& surroundings);
// The same, with a reader of the command line that is there already.
CommandLine parse(FlagReader& reader, const std::vector<std::string>& arguments, const Surroundings& surroundings);

}  // namespace outrigger::settings
