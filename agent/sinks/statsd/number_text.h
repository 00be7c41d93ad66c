// Numbers as StatsD lines carry them. Receivers take plain decimals everywhere; an exponent is written only where a
// plain one would be absurdly long. Pure.
#pragma once

#include <cstdint>
#include <string>

namespace outrigger::statsd {

// Receivers repeat a value int(1/rate) times: what a line may stand for.
inline constexpr std::uint64_t greatest_weight = 10'000;

void append_whole(std::string& out, std::uint64_t value);
void append_decimal(std::string& out, double value);  // the shortest that reads back as the same double
void append_rounded(std::string& out, double value);  // five significant digits
// |@rate, for a value that stands for 1 <= n <= greatest_weight of its kind; nothing for 1. The rate is the next double
// below 1/n, so that int(1/rate) is n and not n - 1.
void append_rate(std::string& out, std::uint64_t n);

}  // namespace outrigger::statsd
