// Ids of spans and traces that were given none: they follow from what the journal holds, so that a trace that is sent
// twice is the same trace. Pure.
#pragma once

#include <cstdint>

namespace outrigger::traces {

// splitmix64, https://prng.di.unimi.it
constexpr std::uint64_t scatter(std::uint64_t value) {
    value += 0x9E3779B97F4A7C15U;
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31);
}

// 63 bits, never 0, as Datadog's tracers make them. `which` tells apart the ids of one entry.
constexpr std::uint64_t id_of(std::uint64_t seed, std::uint64_t position, std::uint64_t which) {
    const std::uint64_t id = scatter(scatter(seed ^ scatter(position)) + which) >> 1;
    return id == 0 ? 1 : id;
}

}  // namespace outrigger::traces
