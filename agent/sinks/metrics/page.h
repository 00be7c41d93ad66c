// GET /metrics: the whole answer, from a copy of the fold and from what the agent knows of itself. Pure but for
// /proc/self, which topology's Facts bring along. Called by the door's thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/books/book.h"
#include "agent/fold/settings.h"
#include "agent/fold/snapshot.h"

namespace outrigger::metrics {

enum class Format { text, openmetrics };  // text 0.0.4, OpenMetrics 1.0

// The process itself, for the standard process_* families.
struct ProcessFacts {
    double cpu_seconds = 0;
    double start_seconds = 0;  // UTC
    double virtual_bytes = 0, resident_bytes = 0;
    double open_descriptors = 0, greatest_descriptors = 0;
    double threads = 0;
};
ProcessFacts read_process();

// What the fold does not know.
struct AgentFacts {
    std::string version;
    std::string service, env, app_version;  // the agent's own app_info; shown when the service is not empty
    std::uint64_t lines_received = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(Refusal::count_)> refused{};  // without hello: not journaled
    std::uint64_t emitters = 0;                                                      // connected, or with a ring
    std::uint64_t journal_bytes = 0;
    bool journal_durable = true;
    std::vector<double> sync_bounds;          // seconds, without +Inf
    std::vector<std::uint64_t> sync_buckets;  // one more than the bounds; not cumulative
    double sync_seconds_sum = 0;
    std::vector<std::pair<std::string, std::uint64_t>> journal_errors;  // by op, "checkpoint" included
    std::vector<books::Page> sinks;
    ProcessFacts process;
};

std::string render(const fold::Snapshot& snapshot, fold::NamingSet names, const AgentFacts& facts, Format format);

}  // namespace outrigger::metrics
