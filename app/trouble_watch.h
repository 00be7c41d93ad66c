// Looks once a second whether something keeps this process from the agent that only a person can mend, and says it: a
// line when it begins, changes or is over. Made by each worker.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

namespace outrigger::app {

class TroubleWatch {
  public:
    // `trouble`: what is wrong now, empty when nothing is. Both are called on the watch's own thread.
    TroubleWatch(std::function<std::string()> trouble, std::function<void(const std::string&)> say,
                 std::chrono::milliseconds period = std::chrono::seconds(1));

  private:
    std::jthread thread_;
};

}  // namespace outrigger::app
