// What intake counts for itself and no journal entry carries. Intake's thread writes, the door reads; starts anew with
// each life of the agent.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "shared/record.h"

namespace outrigger::intake {

struct Counters {
    std::atomic<std::uint64_t> lines{0};  // lines and records read, whatever became of them
    std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(Refusal::count_)> refused{};  // without a hello
    std::atomic<std::uint64_t> connections{0};                                                    // open now
    std::atomic<std::uint64_t> emitters{0};          // with a connection or a ring being drained
    std::atomic<std::uint64_t> turned_away_full{0};  // beyond --max-connections, or no descriptor left
    std::atomic<std::uint64_t> turned_away_peer{0};  // not in --allow-uids / --allow-gids
    std::atomic<std::uint64_t> bad_language{0};      // neither JSON lines nor records
    std::atomic<std::uint64_t> broken_frames{0};     // a record stream that could not be followed: closed
    std::atomic<std::uint64_t> rings_drained{0};
    std::atomic<std::uint64_t> rings_corrupt{0};
};

}  // namespace outrigger::intake
