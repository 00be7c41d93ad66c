// Whom the HTTP door turned away, and why: a closed set, a number each. Counted by the door, shown by whoever answers
// for it. The door's thread alone, which also calls the handlers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace outrigger::http {

enum class Away : std::size_t {
    full,        // too many connections: a newcomer, or one that had to make room for it
    busy,        // too much was being sent: an answer that did not begin, or one cut short for a newer one
    slow,        // did not ask, or did not take its answer, in time
    no_request,  // gone before a request was whole; what it sent, if anything, was no HTTP or too long
    method,      // neither GET nor HEAD
    body,        // a request with a body
    count_,
};

struct TurnedAway {
    std::array<std::uint64_t, static_cast<std::size_t>(Away::count_)> counts{};

    void count(Away why) { ++counts[static_cast<std::size_t>(why)]; }
    std::uint64_t of(Away why) const { return counts[static_cast<std::size_t>(why)]; }
};

constexpr std::string_view to_string(Away why) {
    constexpr std::array<std::string_view, static_cast<std::size_t>(Away::count_)> names = {
        "full", "busy", "slow", "no_request", "method", "body"};
    return names[static_cast<std::size_t>(why)];
}

}  // namespace outrigger::http
