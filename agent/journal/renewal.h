// Makes what a segment holds sure to be on disk when its writer can no longer say so. A killed agent may have died in
// a sync that failed: the kernel has then dropped what was to be written and calls its pages clean, so that the next
// sync succeeds without writing anything (Rebello et al., "Can Applications Recover from fsync Failures?"). So the
// bytes are written once more before they are synced; and when that sync fails the segment is never trusted again: its
// records are written anew in another one, at the same positions, under a higher generation. Used by recovery.
#pragma once

#include "agent/journal/blank_segment.h"
#include "agent/journal/extent.h"

namespace outrigger::journal {

// Writes the `bytes` of a segment's file that hold entries over themselves and syncs it. 0, or errno.
int write_again(Disk& disk, const Segment& segment, std::uint64_t bytes);

// A sealed segment with the entries of `old` up to `extent`, holes left as holes: on disk whole before it has its name,
// which wins over the old one. `id` and `generation` are new. An error leaves the old one as it was.
std::expected<Segment, Failure> write_anew(Disk& disk, const Segment& old, const Extent& extent, std::uint64_t id,
                                           std::uint64_t generation);

}  // namespace outrigger::journal
