// The seal is the one thing that nobody waits for: a power loss may leave a part of it. What it said is known from the
// entries before it, so that this is told from damage. Used by recovery and by inspections.
#pragma once

#include "agent/journal/disk.h"
#include "agent/journal/format.h"

namespace outrigger::journal {

// Whether the file ends with a seal of so many entries and these counts of which whole blocks of 512 bytes were never
// written. `at`: where the last entry ends.
bool is_torn_seal(Disk& disk, const File& file, const Header& header, std::uint64_t at, std::uint64_t entries,
                  const Counts& counts);

}  // namespace outrigger::journal
