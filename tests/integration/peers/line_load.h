// Many request events at once, as lines of JSON: faster than an app could serve them, with durations whose quantiles
// are known. Used by the tests of sinks that must not be hurried.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/peers/agent.h"

namespace outrigger::peers {

struct LineLoad {
    std::uint64_t events = 0;
    std::uint64_t first = 1;  // number of the first
    std::string emitter = std::string(31, '0') + "1";
    std::string version = "1.0.3";
    std::vector<std::string> routes{"/", "/green", "/red"};
};

// Returns when the agent has acknowledged all of it. False: it hung up before.
bool offer_lines(const Agent& agent, const LineLoad& load);
// Of event `n` (from 1): spread evenly, on a scale of octaves, from 1 ms to about 1 s.
std::int64_t duration_us_of(std::uint64_t n);
double quantile_of(const LineLoad& load, double q);  // seconds

}  // namespace outrigger::peers
