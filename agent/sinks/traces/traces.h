// The traces sink: a reader of the journal that sends a trace chunk for each request event to Datadog's agent, at least
// once, or drops it with a reason that is counted. Made by topology; one thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/sinks/name_lookup.h"
#include "agent/sinks/sink.h"
#include "agent/sinks/traces/origin.h"

namespace outrigger::traces {

// By service and environment, keys as Datadog's agent writes them: "service:web,env:prod".
using RateTable = std::map<std::string, double, std::less<>>;

// Where the agent listens: TCP, or a Unix stream socket when there is a path.
struct Target {
    std::string host;
    std::uint16_t port = 0;
    std::string path;
};

struct TracesSettings {
    Target target;
    std::chrono::milliseconds max_age = std::chrono::minutes(10);     // what arrived longer ago is dropped
    std::string service, env, version;                                // the agent's own, for events that bring none
    std::string own_version;                                          // ours, as the tracer's
    Origin origin;                                                    // where we run
    std::chrono::milliseconds time_limit = std::chrono::seconds(10);  // for one request and its reply
    sinks::Lookup lookup = sinks::look_up;                            // of the target's name
    std::function<void(RateTable rates)> took_rates = [](const RateTable&) {};  // called on the sink's thread
};

using TracesParts = sinks::SinkParts;

class TracesSink final : public sinks::Sink {
  public:
    TracesSink(TracesSettings settings, TracesParts parts);
    ~TracesSink() override;

    // Gives up sooner than asked when nobody answers: nothing is lost by it, and other sinks wait to be stopped.
    bool stop(std::chrono::milliseconds deadline) override;

  private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace outrigger::traces
