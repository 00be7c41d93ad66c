// How far a segment can be read, holes included, and what it holds up to there. Used by recovery.
#pragma once

#include <optional>

#include "agent/journal/state.h"
#include "agent/journal/tail.h"

namespace outrigger::journal {

struct Extent {
    std::uint64_t entries = 0;  // ordinals up to the last batch that is whole
    std::uint64_t missing = 0;  // of these
    std::uint64_t guessed = 0;  // of the missing: those that `counts` takes for requests
    std::uint64_t bytes = header_bytes;
    Counts counts{};
    std::int64_t at_us = 0;
    bool sealed = false;
    bool met_damage = false;
    Tail::What tail = Tail::What::nothing;  // behind that; a damaged one is included above
};

// Nothing when the file cannot be opened. `last`: the newest segment, whose tail nothing else tells of. Errors are
// counted in `found`. `known`: what is said elsewhere of entries that cannot be read.
std::optional<Extent> measure(Disk& disk, Recovered& found, const Segment& segment, bool last,
                              const std::vector<Known>& known = {});

}  // namespace outrigger::journal
