// A real journal in a folder of the test and the traces sink that reads it. The agent's life can end and begin anew
// with the cursor that was kept.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/books/tally.h"
#include "agent/journal/journal.h"
#include "agent/journal/writer.h"
#include "agent/sinks/traces/traces.h"
#include "tests/integration/peers/fake_trace_agent.h"

namespace outrigger::traces {

class TracesLife {
  public:
    TracesLife(const std::filesystem::path& folder, TracesSettings settings, const books::Cursor& cursor = {});
    ~TracesLife();

    // Requests of that path, numbered from `first`: /p?n=0, /p?n=1, ...
    void offer(int requests, int first = 0, std::size_t padding = 0);
    bool stop(std::chrono::milliseconds deadline = std::chrono::seconds(10)) { return sink_->stop(deadline); }

    books::Cursor cursor() const { return tally_.cursor(); }
    books::Health health() const { return tally_.health(); }
    std::uint64_t dropped(books::SinkDrop reason) const { return cursor().dropped[static_cast<std::size_t>(reason)]; }
    std::int64_t difference() const;
    std::uint64_t pending() const;
    // Whether nothing is pending in time.
    bool done(std::chrono::milliseconds deadline = std::chrono::seconds(20)) const;
    std::vector<std::string> said() const;
    std::size_t times_said(const std::string& part) const;
    RateTable rates() const;

  private:
    std::unique_ptr<journal::Journal> journal_;
    books::Tally tally_;
    mutable std::mutex mutex_;  // guards said_ and rates_
    std::vector<std::string> said_;
    RateTable rates_;
    std::unique_ptr<TracesSink> sink_;
    std::unique_ptr<journal::Writer> writer_;
};

TracesSettings settings_for(const peers::FakeTraceAgent& agent);
TracesSettings settings_for(int port);

}  // namespace outrigger::traces
