// Drops of this process for which there is no ring to count them in. Any thread adds; the sender moves them to a ring.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shared/protocol.h"

namespace outrigger {

struct DropCounters {
    std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(DropReason::count_)> totals{};

    void add(DropReason reason) noexcept {
        totals[static_cast<std::size_t>(reason)].fetch_add(1, std::memory_order_relaxed);
    }
};

}  // namespace outrigger
