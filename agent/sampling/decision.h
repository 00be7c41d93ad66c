// The one sampling decision, made at intake and kept in the journal's envelope: traces and exemplars only read it.
// Pure. Without a trace sink the caller's own priority is all there is, and every other trace counts as kept.
#pragma once

#include <cstdint>
#include <optional>

namespace outrigger::sampling {

struct Decision {
    std::int8_t priority = 1;  // -1 user drop, 0 auto drop, 1 auto keep, 2 user keep
    bool kept = true;
};

constexpr Decision decide(std::optional<std::int8_t> incoming) {
    if (incoming) return {*incoming, *incoming > 0};
    return {};
}

}  // namespace outrigger::sampling
