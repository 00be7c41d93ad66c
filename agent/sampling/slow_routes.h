// Which requests are slower than nearly all others of their route: the slowest 1 % of the ten seconds before those that
// are running now. A bounded table: beyond 1024 routes at a time, further ones have no slow requests.
// Durations are counted in buckets, eight for each power of two: never more than 1 % are slow, and those by at least
// an eighth. Intake's thread alone; about 1 MiB.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace outrigger::sampling {

class SlowRoutes {
  public:
    static constexpr std::int64_t window_us = 10'000'000;
    static constexpr std::size_t most_routes = 1024;

    SlowRoutes() : slots_(most_routes) {}

    // Counts the request. `route`: a hash of the route and of whose it is.
    bool see(std::uint64_t route, std::int64_t duration_us, std::int64_t now_us);

  private:
    static constexpr std::size_t bucket_count = 240;
    static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
    static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::min();
    struct Slot {
        std::uint64_t route = 0;
        std::int64_t window = never;         // the ten seconds that are being counted
        std::uint64_t slow_above_us = none;  // by the ten seconds before
        std::uint32_t count = 0;
        std::array<std::uint32_t, bucket_count> buckets{};
    };
    static std::size_t bucket_of(std::uint64_t duration_us);
    static std::uint64_t greatest_of(std::size_t bucket);
    static std::uint64_t slow_above(const Slot& slot);
    Slot* slot_of(std::uint64_t route, std::int64_t window);

    std::vector<Slot> slots_;
};

}  // namespace outrigger::sampling
