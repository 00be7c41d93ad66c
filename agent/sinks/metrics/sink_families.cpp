#include <algorithm>
#include <array>

#include "agent/sinks/metrics/own_families.h"

namespace outrigger::metrics {
namespace {

using books::SinkDrop;

// A reason is shown before its first drop where it can happen.
bool can_drop(const books::Page& page, SinkDrop reason) {
    switch (reason) {
        case SinkDrop::journal_full:
        case SinkDrop::damaged:
            return true;
        case SinkDrop::refused_by_database:
            return page.sink == "rows";
        case SinkDrop::restart:
        case SinkDrop::unsent:
            return page.sink == "statsd";
        case SinkDrop::too_old:
        case SinkDrop::refused_by_agent:
            return page.sink == "traces";
        case SinkDrop::off:  // nobody expects to be switched off
        case SinkDrop::count_:
            break;
    }
    return false;
}

template <class Value>
prometheus::MetricFamily for_each_sink(FamilyBuilder out, const std::vector<books::Page>& sinks, Value&& value_of) {
    for (const books::Page& page : sinks) {
        if (page.on) out.add(value_of(page), {{"sink", page.sink}});
    }
    return out.take();
}

template <class Counts>
prometheus::MetricFamily by_reason(FamilyBuilder out, const std::vector<books::Page>& sinks, Counts&& counts_of) {
    for (const books::Page& page : sinks) {
        const auto& counts = counts_of(page);
        for (std::size_t at = 0; page.on && at < counts.size(); ++at) {
            const auto reason = static_cast<SinkDrop>(at);
            if (counts[at] == 0 && !can_drop(page, reason)) continue;
            out.add(counts[at], {{"sink", page.sink}, {"reason", std::string(to_string(reason))}});
        }
    }
    return out.take();
}

}  // namespace

std::vector<prometheus::MetricFamily> sink_families(const std::vector<books::Page>& sinks) {
    std::vector<prometheus::MetricFamily> out;
    out.push_back(for_each_sink(
        counter("outrigger_sink_accepted_events_total", "Request events journaled since the sink was first on."), sinks,
        [](const books::Page& page) { return page.balance.accepted; }));
    out.push_back(for_each_sink(counter("outrigger_sink_delivered_events_total", "Request events the sink delivered."),
                                sinks, [](const books::Page& page) { return page.cursor.delivered; }));
    out.push_back(by_reason(counter("outrigger_sink_dropped_events_total",
                                    "Request events the sink did not deliver and never will, by reason."),
                            sinks, [](const books::Page& page) -> const auto& { return page.cursor.dropped; }));
    out.push_back(by_reason(counter("outrigger_sink_dropped_metrics_total",
                                    "Custom metrics the sink did not deliver and never will, by reason."),
                            sinks, [](const books::Page& page) -> const auto& { return page.cursor.dropped_metrics; }));
    out.push_back(for_each_sink(gauge("outrigger_sink_pending_events", "Request events the sink has yet to deliver."),
                                sinks, [](const books::Page& page) { return page.balance.pending; }));
    out.push_back(for_each_sink(counter("outrigger_sink_rewound_events_total",
                                        "Request events delivered and then taken back by the other side."),
                                sinks, [](const books::Page& page) { return page.cursor.rewound; }));
    out.push_back(for_each_sink(gauge("outrigger_sink_up", "1 while the sink makes progress or has nothing to do."),
                                sinks, [](const books::Page& page) { return page.health.up ? 1.0 : 0.0; }));
    out.push_back(
        for_each_sink(gauge("outrigger_sink_lag_seconds", "Age of the oldest event the sink has yet to deliver."),
                      sinks, [](const books::Page& page) { return page.lag_seconds; }));
    out.push_back(for_each_sink(
        gauge("outrigger_books_difference", "accepted - (delivered - rewound + dropped + pending): 0, always."), sinks,
        [](const books::Page& page) { return static_cast<double>(page.balance.difference); }));
    return out;
}

}  // namespace outrigger::metrics
