#include "agent/sinks/metrics/own_families.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace outrigger::metrics {
namespace {

using Families = std::vector<prometheus::MetricFamily>;
using Labels = std::vector<prometheus::ClientMetric::Label>;

prometheus::MetricFamily app_info(const fold::Snapshot& snapshot, const AgentFacts& facts) {
    FamilyBuilder out = gauge("app_info", "An app seen in the last hour, and the agent's own.");
    const auto add = [&](const std::string& service, const std::string& env, const std::string& version) {
        out.add(1.0, {{"service", service}, {"env", env}, {"version", version}});
    };
    bool has_own = false;
    for (const fold::AppInfo& app : snapshot.apps) {
        has_own |= app.service == facts.service && app.env == facts.env && app.version == facts.app_version;
        add(app.service, app.env, app.version);
    }
    if (!has_own) add(facts.service, facts.env, facts.app_version);
    return out.take();
}

prometheus::MetricFamily refused(const fold::Snapshot& snapshot, const AgentFacts& facts) {
    FamilyBuilder out = counter("outrigger_events_refused_total", "Lines and records that were refused, by reason.");
    for (std::size_t reason = 0; reason < facts.refused.size(); ++reason) {
        out.add(snapshot.counters.refused[reason] + facts.refused[reason],
                {{"reason", std::string(to_string(static_cast<Refusal>(reason)))}});
    }
    return out.take();
}

prometheus::MetricFamily fields_cut(const fold::Counters& counters) {
    FamilyBuilder out = counter("outrigger_fields_cut_total", "Events with a field that was cut or mended, by field.");
    for (std::size_t field = 0; field < counters.cut.size(); ++field) {
        out.add(counters.cut[field], {{"field", std::string(to_string(static_cast<CutField>(field)))}});
    }
    return out.take();
}

prometheus::MetricFamily emitter_dropped(const fold::Counters& counters) {
    FamilyBuilder out = counter("outrigger_emitter_dropped_events_total",
                                "Events that an emitter dropped before they reached the agent, by reason.");
    for (std::size_t reason = 0; reason < counters.emitter_dropped.size(); ++reason) {
        out.add(counters.emitter_dropped[reason],
                {{"reason", std::string(to_string(static_cast<DropReason>(reason)))}});
    }
    out.add(counters.gap, {{"reason", "gap"}});
    out.add(counters.torn, {{"reason", "torn"}});
    return out.take();
}

void add_emitters(Families& out, const fold::Counters& counters, const AgentFacts& facts) {
    out.push_back(
        gauge("outrigger_emitters", "Emitters that are connected or have a ring.").add(facts.emitters).take());
    out.push_back(counter("outrigger_emitters_forgotten_total",
                          "Emitters whose mark made room for another before it had been idle for an hour.")
                      .add(counters.marks_evicted)
                      .take());
    out.push_back(
        counter("outrigger_orphan_rings_total", "Rings that a dead emitter left behind, by what became of them.")
            .add(facts.rings_drained, {{"result", "drained"}})
            .add(facts.rings_corrupt, {{"result", "corrupt"}})
            .take());
    FamilyBuilder away =
        counter("outrigger_turned_away_total", "Connections and requests that were not served, by door and reason.");
    for (const TurnedAway& each : facts.turned_away)
        away.add(each.count, {{"door", each.door}, {"reason", each.reason}});
    out.push_back(away.take());
}

prometheus::MetricFamily journal_sync(const AgentFacts& facts) {
    prometheus::MetricFamily out{"outrigger_journal_sync_seconds",
                                 "Time that a sync of the journal took, in seconds.",
                                 prometheus::MetricType::Histogram,
                                 {}};
    prometheus::ClientMetric metric;
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket <= facts.sync_bounds.size(); ++bucket) {
        count += bucket < facts.sync_buckets.size() ? facts.sync_buckets[bucket] : 0;
        const bool is_last = bucket == facts.sync_bounds.size();
        const double bound = is_last ? std::numeric_limits<double>::infinity() : facts.sync_bounds[bucket];
        metric.histogram.bucket.push_back({count, bound});
    }
    metric.histogram.sample_count = count;
    metric.histogram.sample_sum = facts.sync_seconds_sum;
    out.metric.push_back(std::move(metric));
    return out;
}

void add_journal(Families& out, const AgentFacts& facts) {
    out.push_back(
        gauge("outrigger_journal_bytes", "Size of all segments of the journal.").add(facts.journal_bytes).take());
    out.push_back(gauge("outrigger_journal_unread_bytes", "Size of what the slowest sink has still to read.")
                      .add(facts.journal_unread_bytes)
                      .take());
    out.push_back(gauge("outrigger_journal_limit_bytes", "Size beyond which the oldest segment goes, read or not.")
                      .add(facts.journal_limit_bytes)
                      .take());
    out.push_back(
        gauge("outrigger_journal_durable", "1 while the journal is in the data directory, 0 beside the socket.")
            .add(facts.journal_durable ? 1.0 : 0.0)
            .take());
    out.push_back(journal_sync(facts));
    FamilyBuilder errors = counter("outrigger_journal_errors_total", "Errors of the journal, by operation.");
    for (const auto& [operation, count] : facts.journal_errors) errors.add(count, {{"op", operation}});
    out.push_back(errors.take());
    out.push_back(counter("outrigger_journal_foreign_requests_total",
                          "Requests in segments of another journal that lay here at start: set aside, not taken up.")
                      .add(facts.journal_foreign_requests)
                      .take());
}

}  // namespace

FamilyBuilder& FamilyBuilder::add(double value, Labels labels) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    if (family_.type == prometheus::MetricType::Counter) {
        metric.counter.value = value;
    } else {
        metric.gauge.value = value;
    }
    family_.metric.push_back(std::move(metric));
    return *this;
}

Families agent_families(const fold::Snapshot& snapshot, const AgentFacts& facts) {
    const fold::Counters& counters = snapshot.counters;
    Families out;
    out.push_back(app_info(snapshot, facts));
    out.push_back(
        gauge("outrigger_build_info", "The agent that answers.").add(1.0, {{"version", facts.version}}).take());
    out.push_back(counter("outrigger_lines_received_total", "Lines and records received, empty lines not counted.")
                      .add(facts.lines_received)
                      .take());
    out.push_back(counter("outrigger_events_accepted_total", "Events in the journal, by type.")
                      .add(counters.requests, {{"type", "request"}})
                      .add(counters.metrics, {{"type", "metric"}})
                      .take());
    out.push_back(refused(snapshot, facts));
    out.push_back(fields_cut(counters));
    out.push_back(emitter_dropped(counters));
    add_emitters(out, counters, facts);
    add_journal(out, facts);
    out.push_back(gauge("outrigger_series", "Label sets in memory, of requests and of custom metrics.")
                      .add(std::uint64_t{snapshot.series})
                      .take());
    FamilyBuilder overflow = counter("outrigger_series_overflow_total",
                                     "Events beyond the cap on series, by the label that became __other__.");
    for (const fold::Overflow& each : snapshot.overflow) overflow.add(each.events, {{"label", each.label}});
    out.push_back(overflow.take());
    return out;
}

}  // namespace outrigger::metrics
