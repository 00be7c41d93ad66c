// The StatsD sink's thread: flush after flush, and what to do while nobody listens. All members belong to that thread,
// but for the order to stop.
#pragma once

#include <random>
#include <thread>

#include "agent/sinks/reader_worker.h"
#include "agent/sinks/statsd/account.h"
#include "agent/sinks/statsd/pace.h"
#include "agent/sinks/statsd/packet.h"
#include "agent/sinks/statsd/statsd.h"

namespace outrigger::statsd {

class StatsdSink::Worker {
  public:
    Worker(StatsdSettings settings, StatsdParts parts);
    ~Worker();
    bool stop(std::chrono::milliseconds deadline);

  private:
    using Clock = std::chrono::steady_clock;

    void run();
    void look();  // before there is anything to send
    void flush();
    std::optional<fold::Deltas> begin(std::uint64_t id);
    void note_coarse(std::uint64_t values);
    Account send_all(const fold::Deltas& deltas);
    bool send(const Packet& packet);
    bool wait_for_receiver();
    bool wait(std::chrono::nanoseconds duration);
    std::chrono::milliseconds patience_left() const;
    bool wait_after_trouble(std::chrono::milliseconds duration);
    void give_up(const std::string& why);
    void succeeded();
    void push_health();

    const StatsdSettings settings_;
    const StatsdParts parts_;
    sinks::StopOrder stop_;

    Wire wire_;
    Pace pace_;
    Clock::time_point flush_until_{};
    bool coarse_ = false;                             // the last flush was
    bool gave_up_ = false;                            // for the rest of this flush
    std::optional<Clock::time_point> trouble_since_;  // in this flush, since the last packet that went
    sinks::Breaker breaker_;
    sinks::Backoff backoff_;
    std::int64_t progress_us_ = 0;
    std::minstd_rand random_;
    std::jthread thread_;
};

}  // namespace outrigger::statsd
