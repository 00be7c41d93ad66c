#include "agent/sampling/slow_routes.h"

#include <algorithm>
#include <bit>

namespace outrigger::sampling {

std::size_t SlowRoutes::bucket_of(std::uint64_t duration_us) {
    const std::uint64_t value = std::min<std::uint64_t>(duration_us, std::numeric_limits<std::uint32_t>::max());
    if (value < 8) return value;
    const auto power = static_cast<unsigned>(std::bit_width(value)) - 1;
    return (power - 2) * 8 + ((value >> (power - 3)) & 7);
}

std::uint64_t SlowRoutes::greatest_of(std::size_t bucket) {
    if (bucket < 8) return bucket;
    if (bucket == bucket_count - 1) return none;
    return ((8 + bucket % 8 + 1) << (bucket / 8 - 1)) - 1;
}

std::uint64_t SlowRoutes::slow_above(const Slot& slot) {
    std::uint64_t may_be_above = slot.count / 100;
    for (std::size_t bucket = bucket_count; bucket > 0; --bucket) {
        if (slot.buckets[bucket - 1] > may_be_above) return greatest_of(bucket - 1);
        may_be_above -= slot.buckets[bucket - 1];
    }
    return none;
}

// Its own, or else one that nobody has used since the window before.
SlowRoutes::Slot* SlowRoutes::slot_of(std::uint64_t route, std::int64_t window) {
    constexpr std::size_t looked_at = 8;
    Slot* free = nullptr;
    for (std::size_t i = 0; i < looked_at; ++i) {
        Slot& slot = slots_[(route + i) % most_routes];
        if (slot.route == route && slot.window != never) return &slot;
        if (free == nullptr && (slot.window < window - 1 || slot.window > window)) free = &slot;
    }
    if (free != nullptr) *free = {.route = route};
    return free;
}

bool SlowRoutes::see(std::uint64_t route, std::int64_t duration_us, std::int64_t now_us) {
    const std::int64_t window = now_us / window_us;
    Slot* const slot = slot_of(route, window);
    if (slot == nullptr) return false;
    if (slot->window != window) {
        slot->slow_above_us = slot->window == window - 1 ? slow_above(*slot) : none;
        slot->window = window;
        slot->count = 0;
        slot->buckets.fill(0);
    }
    const auto duration = static_cast<std::uint64_t>(std::max<std::int64_t>(duration_us, 0));
    ++slot->count;
    ++slot->buckets[bucket_of(duration)];
    return duration > slot->slow_above_us;
}

}  // namespace outrigger::sampling
