// Trace and span ids: made at random, written and read as hexadecimal digits.
// Used by the emitter for requests that bring none, and wherever ids meet text. Nothing here allocates.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/event.h"

namespace outrigger {

// A fast random generator (xoshiro256++, https://prng.di.unimi.it). One for each thread, and a new one in each process:
// a child that goes on with its parent's copy repeats the parent's ids.
class IdSource {
  public:
    IdSource();  // from getrandom(2); from the clock and addresses where that is refused
    explicit IdSource(std::uint64_t seed);

    [[nodiscard]] std::uint64_t next();

  private:
    std::array<std::uint64_t, 4> state_;
};

// As Datadog's tracers make them: the upper half is the unix time in seconds and 32 zero bits, the lower 63 random
// bits.
[[nodiscard]] TraceId make_trace_id(IdSource& source, std::int64_t unix_seconds);
// 63 random bits, never 0.
[[nodiscard]] std::uint64_t make_span_id(IdSource& source);

[[nodiscard]] TraceId to_trace_id(std::uint64_t high, std::uint64_t low);
[[nodiscard]] std::uint64_t high_half(const TraceId& id);
[[nodiscard]] std::uint64_t low_half(const TraceId& id);

[[nodiscard]] std::array<char, 16> to_hex(std::uint64_t id);
[[nodiscard]] std::array<char, 32> to_hex(const TraceId& id);

enum class HexCase { lower, either };
// Exactly 16 or 32 digits, or nothing. All zero is read as 0; whether that means "none" is the caller's.
[[nodiscard]] std::optional<std::uint64_t> parse_hex_id(std::string_view digits, HexCase accepted);
[[nodiscard]] std::optional<TraceId> parse_hex_trace_id(std::string_view digits, HexCase accepted);

}  // namespace outrigger
