// The totals that fold over the journal and are no series. Copied whole into each snapshot and checkpoint.
#pragma once

#include <array>
#include <cstdint>

#include "shared/protocol.h"
#include "shared/record.h"

namespace outrigger::fold {

struct Counters {
    std::uint64_t requests = 0;  // entries of that kind, as the journal has them
    std::uint64_t metrics = 0;
    std::uint64_t folded = 0;          // requests that are in a series
    std::uint64_t folded_metrics = 0;  // custom metrics likewise
    std::array<std::uint64_t, static_cast<std::size_t>(Refusal::count_)> refused{};
    std::array<std::uint64_t, static_cast<std::size_t>(CutField::count_)> cut{};
    DropTotals emitter_dropped{};
    std::uint64_t gap = 0;            // numbers an emitter passed over
    std::uint64_t torn = 0;           // numbers reserved in a ring and never published
    std::uint64_t lost_full = 0;      // requests that were gone before they could be folded: the journal went round
    std::uint64_t lost_damaged = 0;   // or was damaged
    std::uint64_t marks_evicted = 0;  // emitters forgotten before their time, at the cap

    // Requests that the journal has had, lost ones included.
    std::uint64_t journaled() const { return requests + lost_full + lost_damaged; }
};

}  // namespace outrigger::fold
