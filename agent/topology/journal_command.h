// `outrigger journal ls | verify`: what lies in the journal, in both places, whether or not an agent runs. Used by main
// instead of running.
#pragma once

#include "agent/settings/command_line.h"

namespace outrigger::topology {

// The exit status: 1 when verify found something damaged, missing or unreadable; ls always 0 unless it cannot read.
struct JournalAnswer {
    std::string text;
    int status = 0;
};
JournalAnswer ask_journal(const settings::CommandLine& line);

}  // namespace outrigger::topology
