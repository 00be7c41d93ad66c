// The rows sink: a reader of the journal that stores each request event in Postgres exactly once. Made by topology
// before the journal's writer, so that what must be durable before anything is acknowledged is; one thread of its own.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "agent/sinks/name_lookup.h"
#include "agent/sinks/rows/session.h"
#include "agent/sinks/sink.h"

namespace outrigger::rows {

struct RowsSettings {
    std::string postgres;                      // a libpq URI or conninfo; secret
    std::optional<std::string> password_file;  // read at each connection
    std::chrono::days retention{30};
    std::string service, env, version;      // the agent's own, for events that bring none
    TimeLimits limits{};                    // of each call to Postgres
    sinks::Lookup lookup = sinks::look_up;  // of its hosts' names
};

using RowsParts = sinks::SinkParts;

class RowsSink final : public sinks::Sink {
  public:
    RowsSink(RowsSettings settings, RowsParts parts);
    ~RowsSink() override;

    bool stop(std::chrono::milliseconds deadline) override;

  private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace outrigger::rows
