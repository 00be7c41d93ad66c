#include "agent/fold/state.h"

#include <algorithm>
#include <utility>

#include "agent/fold/saturating_add.h"

namespace outrigger::fold {
namespace {

constexpr std::int64_t minute_us = 60'000'000;

std::uint64_t custom_overflow(const std::vector<Overflow>& all) {
    const auto found = std::ranges::find(all, metric_label, &Overflow::label);
    return found == all.end() ? 0 : found->events;
}

std::vector<Overflow> request_overflow(std::vector<Overflow> all) {
    std::erase_if(all, [](const Overflow& each) { return each.label == metric_label; });
    return all;
}

}  // namespace

FoldState::FoldState(FoldSettings given, const Snapshot& from)
    : settings(std::move(given)),
      guard(settings.max_series),
      series(settings, guard, offenders),
      custom(settings.buckets, guard, offenders),
      flushes(settings.max_series),
      counters(from.counters),
      position(from.position),
      journal_requests(from.counters.journaled()),
      arrival_us(from.arrival_us) {
    const bool same_buckets = from.bounds == settings.buckets;
    if (!same_buckets && !from.bounds.empty()) {
        notes.emplace_back("the buckets have changed: histograms start anew, counts go on");
    }
    series.restore(from.requests, request_overflow(from.overflow), same_buckets);
    custom.restore(from.custom, custom_overflow(from.overflow), same_buckets);
    for (const Mark& mark : from.marks) marks.restore(mark);
    apps.restore(from.apps);
    offenders.restore(from.offenders);
    flushes.restore(
        from.flushes,
        {.key_of = [this](std::uint32_t row) { return series.key(row); },
         .labels_of = [this](const CustomDelta& each) { return custom.labels_of(each.name, *each.labels); }});
}

void FoldState::apply(const journal::Entry& entry) {
    if (entry.position <= position) return;  // never twice: the books would show it
    if (entry.envelope.arrival_us / minute_us != arrival_us / minute_us) custom.expire(entry.envelope.arrival_us);
    position = entry.position;
    arrival_us = entry.envelope.arrival_us;
    switch (entry.envelope.kind) {
        case journal::Kind::request:
            return apply_request(entry);
        case journal::Kind::metric:
            return apply_metric(entry);
        case journal::Kind::drop_total:
            return apply_drop_total(entry);
        case journal::Kind::refused:
            return apply_refused(entry);
        case journal::Kind::torn:
            return apply_torn(entry);
        case journal::Kind::flush:
            return flushes.apply(entry.payload, reach());
        case journal::Kind::identity:
        case journal::Kind::count_:
            break;
    }
}

void FoldState::apply_request(const journal::Entry& entry) {
    ++counters.requests;
    advance_mark(entry);
    see_app(entry);
    const auto request = RequestView::parse(entry.payload);
    if (!request) return;  // the books then show a difference: intake journals nothing that does not parse
    std::uint32_t cut = request->cut;
    if (entry.envelope.start == journal::Start::arrival) cut |= cut_bit(CutField::start_us);
    for (std::size_t field = 0; cut != 0; ++field, cut >>= 1) {
        if ((cut & 1) != 0 && field < counters.cut.size()) ++counters.cut[field];
    }
    const auto duration_us = static_cast<std::uint64_t>(request->duration_us);
    const std::uint32_t index = series.series_of(service_of(entry), *request);
    series.observe(index, duration_us, !request->error.empty());
    if (entry.envelope.kept && request->trace_id != TraceId{}) {
        series.set_exemplar(index, duration_us, request->trace_id, entry.envelope.arrival_us);
    }
    if (flushes.active()) flushes.since().add_request(origin_of(entry), index, series.key(index), duration_us);
    ++counters.folded;
}

void FoldState::apply_metric(const journal::Entry& entry) {
    ++counters.metrics;
    advance_mark(entry);
    see_app(entry);
    const auto metric = MetricView::parse(entry.payload);
    if (!metric) return;
    std::uint32_t cut = metric->cut;
    for (std::size_t field = 0; cut != 0; ++field, cut >>= 1) {
        if ((cut & 1) != 0 && field < counters.cut.size()) ++counters.cut[field];
    }
    const CustomSeries& into = custom.apply(service_of(entry), *metric, entry.envelope.arrival_us);
    if (flushes.active()) flushes.since().add_metric(origin_of(entry), *metric, into.labels);
    ++counters.folded_metrics;
}

void FoldState::apply_drop_total(const journal::Entry& entry) {
    const auto payload = journal::parse_drop_total(entry.payload);
    Mark* const mark = mark_of(entry);
    if (mark == nullptr) return;
    if (entry.envelope.number != 0) advance(*mark, entry.envelope.number, entry.envelope.number);
    if (payload && payload->reason < DropReason::count_) {
        const auto reason = static_cast<std::size_t>(payload->reason);
        if (payload->total > mark->drops[reason]) {
            saturating_add(counters.emitter_dropped[reason], payload->total - mark->drops[reason]);
            mark->drops[reason] = payload->total;
        }
    }
    mark->position = entry.position;
}

void FoldState::apply_refused(const journal::Entry& entry) {
    const auto payload = journal::parse_refused_run(entry.payload);
    if (!payload) return;
    for (std::size_t reason = 0; reason < payload->by_reason.size(); ++reason) {
        counters.refused[reason] += payload->by_reason[reason];
    }
    Mark* const mark = mark_of(entry);
    if (mark == nullptr) return;
    advance(*mark, payload->first, payload->last);
    mark->position = entry.position;
}

void FoldState::apply_torn(const journal::Entry& entry) {
    const auto payload = journal::parse_torn_run(entry.payload);
    if (!payload || payload->last < payload->first) return;
    auto& missing = payload->reason == journal::Missing::gap ? counters.gap : counters.torn;
    saturating_add(missing, payload->last - payload->first + 1);
    Mark* const mark = mark_of(entry);
    if (mark == nullptr) return;
    advance(*mark, payload->first, payload->last);
    mark->position = entry.position;
}

void FoldState::advance_mark(const journal::Entry& entry) {
    Mark* const mark = mark_of(entry);
    if (mark == nullptr) return;
    if (entry.envelope.number != 0) advance(*mark, entry.envelope.number, entry.envelope.number);
    mark->position = entry.position;
}

Mark* FoldState::mark_of(const journal::Entry& entry) {
    if (entry.identity == nullptr || entry.envelope.emitter == 0) return nullptr;
    Mark& mark = marks.touch(entry.identity->emitter, entry.identity->uid, counters.marks_evicted);
    mark.arrival_us = entry.envelope.arrival_us;
    return &mark;
}

void FoldState::advance(Mark& mark, std::uint64_t first, std::uint64_t last) {
    if (MarkTable::is_known(mark) && first > mark.number + 1) saturating_add(counters.gap, first - mark.number - 1);
    mark.number = std::max(mark.number, last);
}

void FoldState::see_app(const journal::Entry& entry) {
    if (entry.identity == nullptr) return;
    const auto from = origin_of(entry);
    apps.see(service_of(entry), from.env, from.version, from.arrival_us);
}

DeltaTable::Origin FoldState::origin_of(const journal::Entry& entry) const {
    const Identity* app = entry.identity;
    return {app == nullptr || app->env.empty() ? settings.env : app->env,
            app == nullptr || app->version.empty() ? settings.version : app->version, entry.envelope.arrival_us};
}

std::string_view FoldState::service_of(const journal::Entry& entry) const {
    const bool brings_one = entry.identity != nullptr && !entry.identity->service.empty();
    return brings_one ? std::string_view{entry.identity->service} : std::string_view{settings.service};
}

void FoldState::lost(std::uint64_t last, const journal::Counts& counts, bool damaged) {
    position = std::max(position, last);
    flushes.lost(position);
    (damaged ? counters.lost_damaged : counters.lost_full) += journal::requests(counts);
}

Reach FoldState::reach() const {
    return {position, counters.journaled(), counters.metrics, counters.lost_full, counters.lost_damaged};
}

}  // namespace outrigger::fold
