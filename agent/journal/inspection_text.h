// An inspection as a person reads it: a table of the files, and a line for each thing that is wrong. Pure.
// Used by `outrigger journal ls | verify`.
#pragma once

#include <string>

#include "agent/journal/inspection.h"

namespace outrigger::journal {

// What the table says of each file: whether somebody writes the newest one, and what acknowledged means there.
struct Writing {
    bool running = false;  // an agent is
    bool synced = true;    // --durability=fsync
};

std::string table(const Inspection& inspection, const Writing& writing);
// Each damage with file and offset, and what is missing; nothing when all is well.
std::string problems(const Inspection& inspection);
std::string summary(const Inspection& inspection);  // one line

}  // namespace outrigger::journal
