// Adds to a counter what somebody says of itself: one that went round would have fallen. Pure.
#pragma once

#include <cstdint>

namespace outrigger::fold {

constexpr void saturating_add(std::uint64_t& counter, std::uint64_t events) {
    counter = events > UINT64_MAX - counter ? UINT64_MAX : counter + events;
}

}  // namespace outrigger::fold
