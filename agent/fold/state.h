// Everything the fold knows, and how one entry changes it. Behind Fold, which adds the lock; no clock but the entries'
// arrival times, so that replay comes to the same state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "agent/fold/app_table.h"
#include "agent/fold/custom_table.h"
#include "agent/fold/flushes.h"
#include "agent/fold/fold.h"
#include "agent/fold/mark_table.h"
#include "agent/fold/offenders.h"
#include "agent/fold/series_guard.h"
#include "agent/fold/series_table.h"

namespace outrigger::fold {

inline constexpr std::string_view metric_label = "metric";  // of series_overflow_total, for custom metrics

class FoldState {
  public:
    FoldState(FoldSettings settings, const Snapshot& from);

    void apply(const journal::Entry& entry);
    void lost(std::uint64_t last, const journal::Counts& counts, bool damaged);
    Reach reach() const;  // what has been applied, for the flushes

    FoldSettings settings;
    std::vector<std::string> notes;
    SeriesGuard guard;
    Offenders offenders;
    SeriesTable series;
    CustomTable custom;
    MarkTable marks;
    AppTable apps;
    Flushes flushes;
    Counters counters;
    std::uint64_t position = 0;
    std::uint64_t journal_requests = 0;  // as the journal counts them, up to there
    std::int64_t arrival_us = 0;

  private:
    void advance_mark(const journal::Entry& entry);
    void apply_request(const journal::Entry& entry);
    void apply_metric(const journal::Entry& entry);
    void apply_drop_total(const journal::Entry& entry);
    void apply_refused(const journal::Entry& entry);
    void apply_torn(const journal::Entry& entry);
    void see_app(const journal::Entry& entry);
    DeltaTable::Origin origin_of(const journal::Entry& entry) const;
    std::string_view service_of(const journal::Entry& entry) const;
    Mark* mark_of(const journal::Entry& entry);
    void advance(Mark& mark, std::uint64_t first, std::uint64_t last);
};

}  // namespace outrigger::fold
