// What topology needs of a sink with a thread and a page in the books of its own, whatever it sends where: it is made
// from these parts, runs from then on, and stops within a deadline. Used by topology and by the sinks' rooms.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/books/tally.h"
#include "agent/journal/journal.h"
#include "shared/error.h"

namespace outrigger::sinks {

// What a sink is lent; all outlive it.
struct SinkParts {
    journal::Journal& journal;
    books::Tally& tally;          // starts from the cursor that was kept; what is pushed here is kept
    std::uint64_t next_position;  // F: the first position this life of the agent will write
    // Named facts in the checkpoint; keep() returns when they are durable there.
    std::function<std::string(const std::string& name)> fact;
    std::function<std::expected<void, Error>(const std::map<std::string, std::string>& facts)> keep;
    std::function<void(std::string line)> say;  // one line for the log, on a change of state
};

class Sink {
  public:
    Sink() = default;
    virtual ~Sink() = default;  // as stop(0 s)
    Sink(const Sink&) = delete;
    Sink& operator=(const Sink&) = delete;

    // Sends what is kept, within the deadline. True: nothing is pending.
    virtual bool stop(std::chrono::milliseconds deadline) = 0;
};

// One line of topology's list.
struct SinkStation {
    std::string name;  // in the books, the metrics and /status
    bool on = false;
    std::function<std::unique_ptr<Sink>(SinkParts)> make;  // called when it is on
};

}  // namespace outrigger::sinks
