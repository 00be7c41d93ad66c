// The rows sink: a reader of the journal that stores each request event in Postgres exactly once. Made by topology
// before the journal's writer, so that what must be durable before anything is acknowledged is; one thread of its own.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "agent/books/tally.h"
#include "agent/journal/journal.h"
#include "agent/sinks/rows/session.h"
#include "shared/error.h"

namespace outrigger::rows {

struct RowsSettings {
    std::string postgres;                      // a libpq URI or conninfo; secret
    std::optional<std::string> password_file;  // read at each connection
    std::chrono::days retention{30};
    std::string service, env, version;  // the agent's own, for events that bring none
    TimeLimits limits{};                // of each call to Postgres
};

// What topology lends it; all outlive the sink.
struct RowsParts {
    journal::Journal& journal;
    books::Tally& tally;          // starts from the checkpoint's cursor
    std::uint64_t next_position;  // F: the first position this life of the agent will write
    // Named facts in the checkpoint; keep() returns when they are durable there.
    std::function<std::string(const std::string& name)> fact;
    std::function<std::expected<void, Error>(const std::map<std::string, std::string>& facts)> keep;
    std::function<void(std::string line)> say;  // one line for the log, on a change of state
};

class RowsSink {
  public:
    RowsSink(RowsSettings settings, RowsParts parts);
    ~RowsSink();  // stop(0 s)

    // Stores what is kept, within the deadline. True: nothing is pending.
    bool stop(std::chrono::milliseconds deadline);

  private:
    class Worker;
    std::unique_ptr<Worker> worker_;
};

}  // namespace outrigger::rows
