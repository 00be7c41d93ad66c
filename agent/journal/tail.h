// What stands behind the last whole batch of a segment that was not closed: a batch that was never finished, or one
// that was kept and has been damaged since. Used by recovery, for the last segment alone.
//
// A batch that was not finished was never acknowledged: it is cut, and whoever sent it sends it again. A disk writes a
// block of 512 bytes whole or not at all, a killed process leaves the beginning of what it wrote, and what was never
// written reads as zeros: so an unfinished batch ends with a block (or in the 32 bytes before: entries may end with
// zeros), or has one that is all zeros. If neither is so, or if something stands in each block of the entry that does
// not validate, then it was written: that is damage, and counted.
//
// What cannot be told: a batch that was acknowledged and of which a whole block has become zeros (a disk that lies
// about its syncs, a file restored in parts), or whose damaged entry has a block that is zeros by nature, looks
// unfinished. A checkpoint or a cursor beyond it says so (Op::missing); else an emitter that still lives does, by a
// `first` beyond what is known (a gap, counted exactly); what came without a hello, or from an emitter that is gone, is
// lost without a number. Where the head of an entry is damaged, the entries behind it are not counted, unless one of
// them can be read. What is counted as damaged here may be counted as a gap too, when its emitter comes again: which
// numbers it had is not known any more.
#pragma once

#include "agent/journal/disk.h"
#include "agent/journal/format.h"

namespace outrigger::journal {

struct Tail {
    enum class What : std::uint8_t { nothing, unfinished, damaged } what = What::nothing;
    std::uint64_t entries = 0;  // of a damaged batch, as far as can be seen
    std::uint64_t bytes = 0;    // where these end in the file
    Counts whole{};             // of them, those that can still be read
};

// `at` is where the last whole batch ends and `ordinal` that of the entry to be expected there.
Tail inspect_tail(Disk& disk, const File& file, const Header& header, std::uint64_t at, std::uint32_t ordinal,
                  std::uint64_t readable);

}  // namespace outrigger::journal
