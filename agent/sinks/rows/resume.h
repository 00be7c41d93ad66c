// Where to go on after a new connection: what the ledger says against what we believe. Pure; used by the rows worker.
//
//   ledger row      our cursor at C, our commits reach at most to M            then
//   none, no number never stored anything                                      begin there
//   at C                                                                       go on
//   C < L <= M      a commit whose answer was lost, or a crash before the      the cursor goes to L
//                   checkpoint
//   L > M           the journal was rolled back, or somebody has a copy of it  a new journal uuid from M + 1
//   L < C, or none  a failover, a restore, an emptied table                    what the other tables hold decides
#pragma once

#include <cstdint>
#include <optional>

#include "agent/sinks/rows/ledger.h"

namespace outrigger::rows {

struct Belief {
    std::uint64_t cursor = 0;  // C
    // M: the last position that a commit of ours can have reached, or can still reach: one that was given up may come
    // true as long as the ledger stands where it began.
    std::uint64_t reach = 0;
    std::uint64_t begin = 0;  // where this journal's row in the ledger began
    bool numbered = false;    // we had a number in the ledger once
    bool fresh = false;       // there was no cursor in the checkpoint: whatever the ledger says is right
};

enum class Resume : std::uint8_t { begin, go_on, look, foreign };

struct Plan {
    Resume what = Resume::go_on;
    std::uint64_t position = 0;  // of begin and go_on
    std::uint64_t accepted = 0;
};

Plan compare(const Belief& belief, const std::optional<LedgerRow>& row);
// After Resume::look: what the other tables hold of us.
Plan compare(const Belief& belief, const Stored& stored);

}  // namespace outrigger::rows
