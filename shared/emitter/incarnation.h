// What an emitter is in one process: the ring that app threads write, and the thread that sends it. Made by start(),
// once in each process; a forked child leaves its parent's alone, undestroyed.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "shared/emitter/emitter.h"
#include "shared/emitter/sender.h"

namespace outrigger {

class Incarnation {
  public:
    // Returns when the ring was tried for, or after five seconds. Throws std::system_error when there can be no thread.
    Incarnation(SenderSettings settings, DropCounters& unassigned);
    ~Incarnation() { stop(std::chrono::milliseconds(0)); }
    Incarnation(const Incarnation&) = delete;
    Incarnation& operator=(const Incarnation&) = delete;

    // Any thread, also while and after stop() runs.
    Recorded record(const RequestEvent& event) noexcept;
    Recorded record(const MetricEvent& event) noexcept;
    Sender::Counts counts() const { return sender_.counts(); }
    std::string trouble() const { return sender_.trouble(); }

    void stop(std::chrono::milliseconds deadline);

  private:
    template <class Event, class Complete>
    Recorded keep(Event& event, Complete complete) noexcept;
    void start_thread();
    void run();
    void send_until_stopped();
    void drain();

    std::atomic<Ring*> ring_ = nullptr;
    DropCounters& unassigned_;
    Sender sender_;

    std::mutex mutex_;  // guards the three below
    std::condition_variable changed_;
    bool stepped_ = false;
    bool stopping_ = false;
    Sender::Time deadline_{};

    std::jthread thread_;
};

}  // namespace outrigger
