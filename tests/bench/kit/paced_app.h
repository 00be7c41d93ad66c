// An app that records at a steady rate, a millisecond's events at a time, through the real emitter; ten routes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "shared/emitter/emitter.h"

namespace outrigger::bench {

class PacedApp {
  public:
    explicit PacedApp(const std::string& socket);  // returns when it is connected; throws after 10 s

    // Records for so long. `each_millisecond` is told how many there are by now; it may take its time, within one.
    void run(int events_per_s, std::chrono::milliseconds length,
             const std::function<void(std::uint64_t recorded)>& each_millisecond = {});
    std::uint64_t recorded() const { return recorded_; }
    std::uint64_t dropped() const { return dropped_; }  // the ring was full: the agent, or its disk, stood still
    Emitter::Counts counts() const { return emitter_.counts(); }

  private:
    void record();

    Emitter emitter_;
    std::uint64_t recorded_ = 0, dropped_ = 0;
};

}  // namespace outrigger::bench
