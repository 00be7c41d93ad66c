// One reader of the journal with a position of its own: hands out kept entries in order, and says exactly how many it
// can no longer hand out. Used by one thread (a sink's, or replay at start); pread windows of at most 1 MiB.
#pragma once

#include <cstdint>
#include <memory>

#include "agent/journal/journal.h"

namespace outrigger::journal {

enum class LossReason : std::uint8_t { journal_full, damaged };

struct Step {
    enum class What : std::uint8_t {
        entry,  // `entry` is the next one; its bytes live until the next call
        end,    // everything kept has been handed out
        lost,   // positions first..last are gone; `counts` says how many of each kind those were
        retry,  // the disk did not answer; ask again later: what it refuses long enough is then `lost`
    } what = What::end;
    Entry entry;
    std::uint64_t first = 0, last = 0;
    Counts counts{};
    LossReason reason = LossReason::journal_full;
};

class Reader {
  public:
    virtual ~Reader() = default;
    virtual const Step& next() = 0;
    // The last position handed out (or passed over as lost), and the journal's own counts up to there: from segment
    // headers and the entries read, never from anybody's tallies.
    virtual std::uint64_t position() const = 0;
    virtual const Counts& counts() const = 0;
    // False while counts() are not yet known where read_from() was given none: the disk does not answer. Asks it again.
    virtual bool try_to_count() { return true; }
    // Retention may forget what lies at or before `position`: it is stored elsewhere for good.
    virtual void release(std::uint64_t position) = 0;
};

}  // namespace outrigger::journal
