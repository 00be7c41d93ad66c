// The StatsD sink: a view of the aggregates. Each 2 s it has the journal begin a flush, takes from the fold what has
// come since the last one, sends it, and has the journal say how that ended: each event at most once. Made by topology;
// one thread of its own.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/books/tally.h"
#include "agent/fold/deltas.h"
#include "agent/journal/entry.h"
#include "agent/sinks/name_lookup.h"
#include "agent/sinks/statsd/label_set.h"
#include "agent/sinks/statsd/wire.h"

namespace outrigger::statsd {

struct StatsdSettings {
    Target target;
    Naming naming;
    sinks::Lookup lookup = sinks::look_up;  // of the target's name
    // For the pace at which a receiver can follow, some 1,000,000 events a second; what takes longer is unsent. More
    // than the time between two flushes, so that a burst arrives whole.
    std::chrono::milliseconds longest_flush = std::chrono::seconds(10);
};

// What topology lends it; all outlive the sink.
struct StatsdParts {
    std::function<bool()> due;                  // something has come since the last flush began
    std::function<std::uint64_t()> last_flush;  // its id
    std::function<void(const journal::Flush&)> journal;
    // What the flush is to send, once its begin is on disk; nothing at the deadline.
    std::function<std::optional<fold::Deltas>(std::uint64_t id, std::chrono::steady_clock::time_point)> take;
    books::Tally& tally;                        // of which only the health is the sink's: the fold has its cursor
    std::function<void(std::string line)> say;  // one line for the log, on a change of state
};

class StatsdSink {
  public:
    StatsdSink(StatsdSettings settings, StatsdParts parts);
    ~StatsdSink();  // stop(0 s)

    // A last flush, within the deadline; the journal's writer must still run. True: nothing is pending.
    bool stop(std::chrono::milliseconds deadline);

  private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace outrigger::statsd
