#include "tests/bench/kit/producers.h"

#include <chrono>
#include <thread>

#include "tests/bench/kit/cpu_time.h"

namespace outrigger::bench {

using std::chrono::steady_clock;

Producing::Producing(const Size& size, const Producers& producers)
    : producers_(producers),
      events_(producers.pace == Pace::none ? size.of(400'000, 100'000)
                                           : size.of(producers.each_per_s, producers.each_per_s / 2)) {}

Values Producing::measure(const HandOver& hand_over, const std::function<double()>& beside) const {
    std::vector<Producer> all(static_cast<std::size_t>(producers_.threads), Producer{Times(scale_)});
    const double others = beside(), start = wall_seconds();
    {
        std::vector<std::jthread> threads;
        for (Producer& one : all) threads.emplace_back([&] { produce(hand_over, one); });
    }
    const double seconds = wall_seconds() - start;
    return to_values(all, seconds, beside() - others);
}

void Producing::produce(const HandOver& hand_over, Producer& self) const {
    self.times.reserve(static_cast<std::size_t>(events_));
    const auto gap = std::chrono::nanoseconds(1'000'000'000 / producers_.each_per_s);
    auto due = steady_clock::now();
    for (int i = 0; i < events_; ++i, due += gap) {
        if (producers_.pace == Pace::sleep) std::this_thread::sleep_until(due);
        while (producers_.pace == Pace::spin && steady_clock::now() < due) continue;
        const std::uint64_t from = ticks();
        const bool accepted = hand_over(i);
        const std::uint64_t taken = ticks() - from;
        accepted ? self.times.add(taken) : static_cast<void>(++self.dropped);
    }
}

Values Producing::to_values(const std::vector<Producer>& all, double seconds, double others) const {
    Times times(scale_);
    int dropped = 0;
    for (const Producer& one : all) {
        times.add(one.times);
        dropped += one.dropped;
    }
    times.sort();
    const auto accepted = static_cast<double>(times.count());
    return {{"p50_ns", times.at(0.5)},     {"p99_ns", times.at(0.99)},
            {"p999_ns", times.at(0.999)},  {"cpu_ns", times.mean_of_most() + others * 1e9 / accepted},
            {"per_s", accepted / seconds}, {"dropped_percent", 100 * dropped / (accepted + dropped)}};
}

}  // namespace outrigger::bench
