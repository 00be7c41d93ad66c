// Threads that hand over events at a pace, and how long each call took them: what the ways to get an event out of a
// request's thread have in common.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/ticks.h"

namespace outrigger::bench {

enum class Pace : std::uint8_t { spin, sleep, none };  // how a producer waits until its next event is due

struct Producers {
    const char* about;
    int threads;
    int each_per_s;
    Pace pace;
};

// Hands over event `i`; false: it was dropped.
using HandOver = std::function<bool(int i)>;

class Producing {
  public:
    Producing(const Size& size, const Producers& producers);

    // `beside`: CPU seconds of whoever works for the producers, in this process.
    Values measure(const HandOver& hand_over, const std::function<double()>& beside = [] { return 0.0; }) const;

  private:
    struct Producer {
        Times times;
        int dropped = 0;
    };
    void produce(const HandOver& hand_over, Producer& self) const;
    Values to_values(const std::vector<Producer>& all, double seconds, double others) const;

    Producers producers_;
    int events_;
    TickScale scale_;
};

}  // namespace outrigger::bench
