// What each sink that reads the journal on a thread of its own needs: how long to wait after a failure, and how to be
// stopped in the middle of waiting. Used by the rows and traces workers.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace outrigger::sinks {

// Full jitter: the n-th wait is between 0 and min(ceiling, floor * 2^n), so that many agents do not come back at once.
// Never below a hundredth of that, so that a quick failure is no busy loop.
class Backoff {
  public:
    Backoff(std::chrono::milliseconds floor, std::chrono::milliseconds ceiling) : floor_(floor), ceiling_(ceiling) {}

    // `random` is in [0, 1).
    std::chrono::milliseconds next(double random);
    void reset() { failures_ = 0; }

  private:
    std::chrono::milliseconds floor_, ceiling_;
    unsigned failures_ = 0;
};

// Whether the peer is up, and what to say when that changes. One line for each change, none for each failure.
class Breaker {
  public:
    // The line to say, if this is news.
    std::optional<std::string> went_down(const std::string& why);
    std::optional<std::string> came_back();
    void note(const std::string& error) { last_error_ = error; }  // that changes nothing

    bool up() const { return up_; }
    const std::string& last_error() const { return last_error_; }

  private:
    bool up_ = false;
    bool said_down_ = false;
    std::string last_error_;
};

// The order to stop, with a deadline. One thread asks, any thread orders.
class StopOrder {
  public:
    using Clock = std::chrono::steady_clock;

    void give(Clock::time_point deadline);
    bool given() const;
    bool past_deadline(Clock::time_point now) const;
    // Sleeps; returns early, and false, once the order is given (while it stands: once its deadline is past).
    bool sleep(std::chrono::milliseconds duration);

  private:
    mutable std::mutex mutex_;  // guards deadline_
    std::condition_variable changed_;
    std::optional<Clock::time_point> deadline_;
};

}  // namespace outrigger::sinks
