// The one sampling decision, made at intake and kept in the journal's envelope: traces and exemplars only read it.
// Pure: what it depends on are arguments. Without a trace sink the caller's own priority is all there is, and every
// other trace counts as kept.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/sampling/budget.h"

namespace outrigger::sampling {

// Who decided, in Datadog's numbers (the span tag _dd.p.dm is "-<number>"), and one of ours.
enum class Mechanism : std::int8_t {
    caller = -1,          // whoever called; its own mechanism came with its headers, or did not
    nobody = 0,           // nothing was known: kept
    rate_of_agent = 1,    // what Datadog's agent answered
    for_its_own_sake = 4  // failed or slow ("manual")
};

struct Decision {
    std::int8_t priority = 1;  // -1 user drop, 0 auto drop, 1 auto keep, 2 user keep
    bool kept = true;
    Mechanism mechanism = Mechanism::nobody;
};

struct Rate {
    double value = 1;         // 0..1
    bool from_agent = false;  // nothing was received yet otherwise
    bool operator==(const Rate&) const = default;
};

// The hash that all tracers share, so that they decide alike: the lower half of the trace id alone counts.
// https://github.com/DataDog/dd-trace-cpp/blob/HEAD/src/datadog/sampling_util.h
constexpr bool rate_keeps(std::uint64_t low_trace_id, double rate) {
    constexpr std::uint64_t knuth = 1111111111111111111U;
    if (rate >= 1) return true;
    return low_trace_id * knuth <= static_cast<std::uint64_t>(rate * 0x1p64);
}

// Without a trace sink.
constexpr Decision decide(std::optional<std::int8_t> incoming) {
    if (incoming) return {*incoming, *incoming > 0, Mechanism::caller};
    return {};
}

// With one. `remarkable`: it failed, or was slower than nearly all others of its route.
constexpr Decision decide(std::optional<std::int8_t> incoming, bool remarkable, Budget& budget, std::int64_t now_us,
                          std::uint64_t low_trace_id, Rate rate) {
    if (incoming) return decide(incoming);
    if (remarkable && budget.take(now_us)) return {2, true, Mechanism::for_its_own_sake};
    const bool kept = rate_keeps(low_trace_id, rate.value);
    return {static_cast<std::int8_t>(kept ? 1 : 0), kept,
            rate.from_agent ? Mechanism::rate_of_agent : Mechanism::nobody};
}

}  // namespace outrigger::sampling
