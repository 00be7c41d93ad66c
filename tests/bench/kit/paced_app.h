// An app that records at a steady rate, a millisecond's events at a time, through real emitters: one as in an app of
// one process, or several in turn, each with a sender that wakes on its own, as in one of several. Ten routes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "shared/emitter/emitter.h"

namespace outrigger::bench {

class PacedApp {
  public:
    explicit PacedApp(std::string socket, int emitters = 1);  // returns when all are connected; throws after 10 s

    void add(int emitters);  // as before; as whom we are now
    // Records for so long. `each_millisecond` is told how many there are by now; it may take its time, within one.
    void run(int events_per_s, std::chrono::milliseconds length,
             const std::function<void(std::uint64_t recorded)>& each_millisecond = {});
    std::uint64_t recorded() const { return recorded_; }
    std::uint64_t dropped() const { return dropped_; }  // the ring was full: the agent, or its disk, stood still
    std::uint64_t acknowledged() const;

  private:
    void record();

    std::string socket_;
    std::vector<std::unique_ptr<Emitter>> emitters_;
    std::uint64_t recorded_ = 0, dropped_ = 0;
};

}  // namespace outrigger::bench
