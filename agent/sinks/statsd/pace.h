// How fast packets may follow one another, so that a receiver with the kernel's default buffers (about 90 packets on
// Linux) loses none: statsd_exporter makes int(1/rate) observations of each line before it reads on. Pure; time is an
// argument.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace outrigger::statsd {

class Pace {
  public:
    using Time = std::chrono::steady_clock::time_point;
    static constexpr std::chrono::microseconds for_a_packet{200};
    static constexpr std::chrono::nanoseconds for_a_repeat{1'000};
    static constexpr std::chrono::milliseconds ahead{5};  // may lie in the receiver's buffer

    // A packet goes out at `now`; it is worth so many observations.
    void sent(Time now, std::uint64_t repeats) {
        busy_until_ = std::max(busy_until_, now) + for_a_packet + for_a_repeat * repeats;
    }
    // How long the next one must wait.
    std::chrono::nanoseconds wait(Time now) const {
        return std::max(std::chrono::nanoseconds{0}, busy_until_ - now - ahead);
    }

  private:
    Time busy_until_{};  // as we think of the receiver
};

}  // namespace outrigger::statsd
