// GET /metrics: the answer, from a copy of the fold and from what the agent knows of itself, written piece by piece
// into the reader's memory: a hundred thousand series are some 200 MB. Pure but for /proc/self, which topology's Facts
// bring along. Called by the door's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "agent/books/book.h"
#include "agent/fold/settings.h"
#include "agent/fold/snapshot.h"

namespace outrigger::metrics {

class Text;

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

// Who was not served, at which of the agent's two doors, why, and how often.
struct TurnedAway {
    std::string door, reason;
    std::uint64_t count = 0;
};

// What the fold does not know.
struct AgentFacts {
    std::string version;
    std::string service, env, app_version;  // the agent's own app_info
    std::uint64_t lines_received = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(Refusal::count_)> refused{};  // without hello: not journaled
    std::uint64_t emitters = 0;                                                      // connected, or with a ring
    std::vector<TurnedAway> turned_away;
    std::uint64_t rings_drained = 0, rings_corrupt = 0;  // of emitters that died
    std::uint64_t journal_bytes = 0, journal_unread_bytes = 0, journal_limit_bytes = 0;
    std::uint64_t journal_foreign_requests = 0;
    bool journal_durable = true;
    std::vector<double> sync_bounds;          // seconds, without +Inf
    std::vector<std::uint64_t> sync_buckets;  // one more than the bounds; not cumulative
    double sync_seconds_sum = 0;
    std::vector<std::pair<std::string, std::uint64_t>> journal_errors;  // by op, "checkpoint" included
    std::vector<books::Page> sinks;
    ProcessFacts process;
};

class Page {
  public:
    Page(fold::Snapshot snapshot, fold::NamingSet names, const AgentFacts& facts, Format format);
    ~Page();
    Page(const Page&) = delete;
    Page& operator=(const Page&) = delete;

    std::size_t size() const { return size_; }  // exact, in bytes
    std::size_t held_bytes() const;             // memory that it takes until it is gone, but for small change
    // The next bytes, at least one until size() were read. A piece of some 256 KiB is best.
    std::size_t read(std::span<char> into);

  private:
    std::size_t take_leftover(std::span<char> into);

    const fold::Snapshot snapshot_;
    std::vector<std::unique_ptr<Text>> texts_;
    std::size_t size_ = 0;
    std::size_t text_ = 0, step_ = 0;  // that come next
    std::string leftover_;             // of a step that was longer than the piece it began in
    std::size_t leftover_taken_ = 0;
};

}  // namespace outrigger::metrics
