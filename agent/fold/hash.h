// A seeded hash of bytes for the fold's own tables: fast for the 20 to 80 bytes of a series key, and not to be
// predicted from outside. Pure.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace outrigger::fold {

inline std::uint64_t mix(std::uint64_t state, std::uint64_t word) {
    state = (state ^ word) * 0x9E3779B97F4A7C15U;
    return state ^ (state >> 29);
}

inline std::uint64_t hash(std::string_view bytes, std::uint64_t seed) {
    std::uint64_t state = seed ^ (bytes.size() * 0xD6E8FEB86659FD93U);
    const char* at = bytes.data();
    std::size_t left = bytes.size();
    std::uint64_t word = 0;
    for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
        std::memcpy(&word, at, sizeof word);
        state = mix(state, word);
    }
    word = 0;
    if (left != 0) std::memcpy(&word, at, left);
    state = mix(state, word);
    return mix(state, state >> 32);
}

// Throws std::system_error where the system has no random bytes.
std::uint64_t random_seed();

}  // namespace outrigger::fold
