// Keeps what is damaged for a person to look at: quarantine/ beside the segments, a few files, never read again.
// Used by recovery, readers and the writer.
#pragma once

#include "agent/journal/disk.h"
#include "agent/journal/segment.h"

namespace outrigger::journal {

inline constexpr std::size_t quarantine_files = 4;

// A second name for a segment that stays in use. False when there is no room or the disk refused.
bool quarantine_link(Disk& disk, const std::filesystem::path& segment);
// Takes a file that cannot be used away from the others.
bool quarantine_move(Disk& disk, const std::filesystem::path& file);
// A segment that a newer one wins over: removed if it holds nothing but its header, else kept in quarantine.
bool set_aside(Disk& disk, const Segment& segment);

}  // namespace outrigger::journal
