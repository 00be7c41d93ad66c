// How long to wait before the next try: exponential with full jitter, so that many agents do not come back at once.
// Used by every sink that talks to a peer. Pure but for its own random numbers.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace outrigger::sinks {

class Backoff {
  public:
    Backoff(std::chrono::milliseconds least, std::chrono::milliseconds most, std::uint64_t seed)
        : least_(least), most_(most), ceiling_(least), random_(seed) {}

    // Between `least` and the ceiling, which doubles with each call up to `most`.
    std::chrono::milliseconds next() {
        std::uniform_int_distribution<std::int64_t> pick(least_.count(), ceiling_.count());
        ceiling_ = std::min(ceiling_ * 2, most_);
        return std::chrono::milliseconds(pick(random_));
    }
    void reset() { ceiling_ = least_; }

  private:
    std::chrono::milliseconds least_, most_, ceiling_;
    std::mt19937_64 random_;
};

}  // namespace outrigger::sinks
