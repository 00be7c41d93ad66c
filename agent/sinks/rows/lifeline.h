// Ends a call to Postgres that does not come back: a backend that is stopped or a connection into a black hole say
// nothing, and nobody reports an error. The sink's thread says when a call begins and ends; a thread of this one's own
// shuts the socket under a call whose time is over, which then fails as if the connection were lost.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

namespace outrigger::rows {

class Lifeline {
  public:
    using Clock = std::chrono::steady_clock;

    // `tick`: how much later than its limit a call may be ended.
    explicit Lifeline(std::chrono::milliseconds tick = std::chrono::milliseconds(250));

    void hold(int socket);  // of a new connection, until release()
    void release();

    // One call; calls do not nest.
    class Call {
      public:
        Call(Lifeline& lifeline, std::chrono::milliseconds limit) : lifeline_(lifeline) { lifeline.begin(limit); }
        ~Call() { lifeline_.end(); }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

      private:
        Lifeline& lifeline_;
    };

    // The limit of the call under which this connection was shut; none: it was not.
    std::optional<std::chrono::milliseconds> expired() const;

    // Now, whatever is under way. Any thread.
    void cut();

  private:
    void begin(std::chrono::milliseconds limit);
    void end();
    void watch(const std::stop_token& stop);

    const std::chrono::milliseconds tick_;
    mutable std::mutex mutex_;  // guards all below: the socket's number must not be another one's when it is shut
    std::condition_variable_any stopped_;
    int socket_ = -1;
    std::chrono::milliseconds limit_{};
    std::optional<Clock::time_point> until_;  // none: no call is under way
    bool expired_ = false;
    std::jthread thread_;
};

}  // namespace outrigger::rows
