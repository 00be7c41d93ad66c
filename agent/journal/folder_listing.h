// The segments of one folder, by their headers alone; what else lies there is counted and left alone.
// Used by recovery.
#pragma once

#include "agent/journal/state.h"

namespace outrigger::journal {

// Adds to what was found. Returns 0, or the errno for which the folder cannot be read.
int list_segments(Disk& disk, const JournalSettings& settings, bool fallback, Recovered& found);

}  // namespace outrigger::journal
