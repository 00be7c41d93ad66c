// The door's pages: what the stations say of themselves, gathered and handed to the rooms that render it. Made by
// topology; its routes are called on the door's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "agent/books/book.h"
#include "agent/fold/checkpointer.h"
#include "agent/fold/fold.h"
#include "agent/http/door.h"
#include "agent/intake/counters.h"
#include "agent/journal/journal.h"
#include "agent/settings/command_line.h"
#include "agent/sinks/metrics/page.h"

namespace outrigger::topology {

// All outlive the Reports.
struct ReportSources {
    const settings::Settings& settings;
    const std::vector<settings::EffectiveSetting>& effective;
    const journal::Journal& journal;
    const fold::Fold& fold;
    const fold::Checkpointer& checkpointer;
    const books::Book& book;
    const intake::Counters& intake;
    const std::atomic<std::int64_t>& batch_offered_us;  // a batch waits to be kept since then; 0: none does
};

class Reports {
  public:
    explicit Reports(const ReportSources& sources) : from_(sources) {}

    std::vector<http::Route> routes() const;  // these borrow the Reports

  private:
    http::Response metrics(const http::Request& request) const;
    http::Response readiness() const;
    http::Response status(const http::Request& request) const;
    metrics::AgentFacts agent_facts(const http::TurnedAway& http) const;
    std::vector<metrics::TurnedAway> turned_away(const http::TurnedAway& http) const;

    ReportSources from_;
};

}  // namespace outrigger::topology
