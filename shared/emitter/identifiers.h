// Random names: an id for each process incarnation, and the trace and span ids that an event came without.
#pragma once

#include <cstdint>

#include "shared/event.h"
#include "shared/protocol.h"

namespace outrigger {

// From the kernel; when it has no entropy yet, from clock, process and address, which is still no other process's id.
EmitterId make_emitter_id() noexcept;

// A bijection that looks random (the finaliser of splitmix64, Steele and others 2014).
constexpr std::uint64_t scrambled(std::uint64_t value) noexcept {
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
    return value ^ (value >> 31);
}

// Ids as Datadog's tracers make them: a trace id is unix seconds, 32 zero bits, 63 random bits; a span id 63 random
// bits. `key` is random for each ring and `number` used once in it, so that threads need not agree on anything.
TraceId make_trace_id(std::uint64_t key, std::uint64_t number, std::uint32_t unix_seconds) noexcept;
std::uint64_t make_span_id(std::uint64_t key, std::uint64_t number) noexcept;

}  // namespace outrigger
