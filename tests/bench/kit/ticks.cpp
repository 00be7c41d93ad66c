#include "tests/bench/kit/ticks.h"

#include <algorithm>
#include <thread>

namespace outrigger::bench {
namespace {

double nanoseconds_of_a_tick() {
    const auto from = std::chrono::steady_clock::now();
    const std::uint64_t first = ticks();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::uint64_t last = ticks();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - from;
    return taken.count() / static_cast<double>(last - first);
}

std::uint64_t ticks_of_two_readings() {
    std::vector<std::uint64_t> empty(100'001);
    for (std::uint64_t& reading : empty) {
        const std::uint64_t from = ticks();
        reading = ticks() - from;
    }
    std::ranges::nth_element(empty, empty.begin() + 50'000);
    return empty[50'000];
}

}  // namespace

TickScale::TickScale() : nanoseconds(nanoseconds_of_a_tick()), overhead(ticks_of_two_readings()) {}

void Times::sort() { std::ranges::sort(ticks_); }

double Times::at(double share) const {
    if (ticks_.empty()) return 0;
    const auto index = static_cast<std::size_t>(share * static_cast<double>(ticks_.size() - 1));
    return static_cast<double>(ticks_[index]) * scale_->nanoseconds;
}

double Times::mean_of_most() const {
    const std::size_t most = ticks_.size() - ticks_.size() / 1000;
    double sum = 0;
    for (std::size_t i = 0; i < most; ++i) sum += static_cast<double>(ticks_[i]);
    return most == 0 ? 0 : sum * scale_->nanoseconds / static_cast<double>(most);
}

}  // namespace outrigger::bench
