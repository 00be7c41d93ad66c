// The processor's own clock, for what takes some ten nanoseconds; elsewhere than on x86 the system's.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace outrigger::bench {

// Cannot be read earlier or later than it stands here.
inline std::uint64_t ticks() {
#if defined(__x86_64__)
    _mm_lfence();
    const std::uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
#else
    return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

struct TickScale {
    TickScale();             // takes 100 ms
    double nanoseconds;      // of a tick
    std::uint64_t overhead;  // ticks of two readings one after the other
};

// Of something that was done many times; what two readings of the clock cost is taken off each.
class Times {
  public:
    explicit Times(const TickScale& scale) : scale_(&scale) {}
    void reserve(std::size_t count) { ticks_.reserve(count); }
    void add(std::uint64_t taken) { ticks_.push_back(taken > scale_->overhead ? taken - scale_->overhead : 0); }
    void add(const Times& others) { ticks_.insert(ticks_.end(), others.ticks_.begin(), others.ticks_.end()); }
    std::size_t count() const { return ticks_.size(); }
    void sort();                    // before the two below
    double at(double share) const;  // ns
    // Of all but the slowest thousandth, in which somebody else had the processor; ns.
    double mean_of_most() const;

  private:
    const TickScale* scale_;
    std::vector<std::uint64_t> ticks_;
};

}  // namespace outrigger::bench
