// What is known of one emitter: how far its numbers have come and what it said it dropped. Made by its first journaled
// record. Intake takes all of them at start and goes on with its own; the checkpoint keeps them.
#pragma once

#include <cstdint>

#include "shared/protocol.h"

namespace outrigger::fold {

struct Mark {
    EmitterId emitter{};
    std::uint32_t uid = 0;
    std::uint64_t number = 0;     // the highest known
    std::int64_t arrival_us = 0;  // of its last entry; UTC
    std::uint64_t position = 0;   // of its last entry
    DropTotals drops{};           // cumulative, as last said, max-merged
};

}  // namespace outrigger::fold
