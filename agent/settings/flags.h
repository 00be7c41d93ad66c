// The command line alone: which command, and the text that each flag was given. CLI11 does the work.
// Used by command_line, which adds variables, file and defaults. One thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/settings/command_line.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace outrigger::settings {

struct Flags {
    Command command = Command::run;
    std::map<std::string, std::string, std::less<>> texts;  // by the setting's name
    std::string help;                                       // what --help prints
};

// Knows every flag and command. Making one takes longer than all that it reads: tests read millions of lines with it.
class FlagReader {
  public:
    FlagReader();
    ~FlagReader();

    // Throws SettingsError. An argument that is not understood may hold a password: it is shown by mask_text, if at
    // all. What was read before, or failed, leaves no trace.
    Flags read(const std::vector<std::string>& arguments);

  private:
    std::unique_ptr<CLI::App> app_;
    std::vector<CLI::Option*> options_;  // the app's, in the order of declared()
};

}  // namespace outrigger::settings
