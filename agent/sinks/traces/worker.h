// The traces sink's thread: fills a batch, sends it in one or more parts, waits and tries again when that fails, and
// drops what has become too old meanwhile. All members belong to that thread, but for the order to stop.
#pragma once

#include <atomic>
#include <limits>
#include <random>
#include <thread>

#include "agent/sinks/reader_worker.h"
#include "agent/sinks/traces/batch.h"
#include "agent/sinks/traces/traces.h"
#include "agent/sinks/traces/wire.h"

namespace outrigger::traces {

class TracesSink::Worker {
  public:
    Worker(TracesSettings settings, TracesParts parts);
    ~Worker();
    bool stop(std::chrono::milliseconds deadline);

  private:
    static constexpr std::size_t all_chunks = std::numeric_limits<std::size_t>::max();

    void begin();  // before the thread: where it reads on from
    void run();
    bool wait_for_work();  // false: there is none
    bool fill();
    bool send();  // false: it is worth waiting before the next attempt
    bool ask();
    void take(const Reply& reply);
    void refused(const Batch::Part& part, const Reply& reply);
    void push_progress();
    void failed(const std::string& why);
    void succeeded();
    void push_health();
    void back_off();
    bool finished() const;
    std::int64_t oldest_us() const;

    const TracesSettings settings_;
    const TracesParts parts_;
    const ChunkContext context_;
    sinks::StopOrder stop_;
    Wire wire_;

    books::Cursor cursor_;
    std::unique_ptr<journal::Reader> reader_;
    Batch batch_;
    std::size_t most_chunks_ = all_chunks;  // of the batch at once, after a 413; twice as many after each 200
    std::string rates_version_;
    unsigned refusals_ = 0;  // payloads that were refused since the last one that was taken
    bool gave_up_ = false;   // told to stop, and nobody answers
    std::chrono::steady_clock::time_point next_question_{};

    sinks::Breaker breaker_;
    sinks::Backoff backoff_;
    std::int64_t progress_us_ = 0;
    std::minstd_rand random_;
    std::atomic<bool> ended_{false};
    std::jthread thread_;
};

}  // namespace outrigger::traces
