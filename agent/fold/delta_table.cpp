#include "agent/fold/delta_table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "agent/fold/label_text.h"

namespace outrigger::fold {

void DeltaTable::add_request(const Origin& from, std::uint32_t series, std::string_view key,
                             std::uint64_t duration_us) {
    note(from);
    ++deltas_.events;
    const std::uint32_t app = app_of(from);
    std::uint32_t delta = find(series, app);
    if (delta == none && is_full()) delta = find(series, other_app());
    RequestDelta& into = delta != none ? deltas_.requests[delta] : add(series, is_full() ? other_ : app, key);
    ++into.count;
    into.durations.add(static_cast<double>(duration_us), 1, &budget_);
}

void DeltaTable::note(const Origin& from) {
    if (deltas_.first_us == 0) deltas_.first_us = from.arrival_us;
}

std::uint32_t DeltaTable::app_of(const Origin& from) {
    const auto is_it = [&](const AppTags& app) { return app.env == from.env && app.version == from.version; };
    if (last_app_ < deltas_.apps.size() && is_it(deltas_.apps[last_app_])) return last_app_;
    const auto found = std::ranges::find_if(deltas_.apps, is_it);
    if (found != deltas_.apps.end()) {
        last_app_ = static_cast<std::uint32_t>(found - deltas_.apps.begin());
    } else if (deltas_.apps.size() < greatest_apps) {
        last_app_ = add_app(from.env, from.version);
    } else {
        return other_app();
    }
    return last_app_;
}

std::uint32_t DeltaTable::other_app() {
    if (other_ != none) return other_;
    const auto is_other = [](const AppTags& app) { return app.env == other_value && app.version == other_value; };
    const auto found = std::ranges::find_if(deltas_.apps, is_other);
    other_ = found != deltas_.apps.end() ? static_cast<std::uint32_t>(found - deltas_.apps.begin())
                                         : add_app(other_value, other_value);
    return other_;
}

std::uint32_t DeltaTable::add_app(std::string_view env, std::string_view version) {
    deltas_.apps.push_back({std::string(env), std::string(version)});
    return static_cast<std::uint32_t>(deltas_.apps.size() - 1);
}

std::uint32_t DeltaTable::find(std::uint32_t series, std::uint32_t app) const {
    if (series >= first_.size()) return none;
    std::uint32_t delta = first_[series];
    while (delta != none && deltas_.requests[delta].app != app) delta = next_[delta];
    return delta;
}

RequestDelta& DeltaTable::add(std::uint32_t series, std::uint32_t app, std::string_view key) {
    deltas_.requests.push_back({series, app, key, 0, {}});
    link(static_cast<std::uint32_t>(deltas_.requests.size() - 1));
    return deltas_.requests.back();
}

void DeltaTable::link(std::uint32_t delta) {
    const std::uint32_t series = deltas_.requests[delta].series;
    if (series >= first_.size()) first_.resize(std::size_t{series} + 1, none);
    next_.push_back(std::exchange(first_[series], delta));
}

void DeltaTable::add_metric(const Origin& from, const MetricView& metric,
                            const std::shared_ptr<const std::string>& labels) {
    note(from);
    ++deltas_.metrics;
    CustomDelta& into = custom_of(from, metric, labels);
    ++into.events;
    switch (metric.kind) {
        case MetricKind::count:
            add_to(into.sum, metric.value);
            break;
        case MetricKind::gauge:
            into.gauge = metric.value;
            break;
        case MetricKind::histogram:
            (metric.value < 0 ? into.negatives : into.values).add(std::abs(metric.value), 1, &budget_);
            break;
    }
}

CustomDelta& DeltaTable::custom_of(const Origin& from, const MetricView& metric,
                                   const std::shared_ptr<const std::string>& labels) {
    std::uint32_t app = app_of(from);
    auto known = custom_.find({labels.get(), app});
    if (known == custom_.end() && is_full()) {
        app = other_app();
        known = custom_.find({labels.get(), app});
    }
    if (known == custom_.end()) {
        known = custom_.emplace(CustomKey{labels.get(), app}, static_cast<std::uint32_t>(deltas_.custom.size())).first;
        deltas_.custom.push_back({std::string(metric.name), metric.kind, app, labels, 0, {}, 0, {}, {}});
    }
    return deltas_.custom[known->second];
}

Deltas DeltaTable::take() {
    for (const RequestDelta& delta : deltas_.requests) first_[delta.series] = none;
    next_.clear();
    custom_.clear();
    last_app_ = other_ = none;
    deltas_.coarse = budget_.coarse();
    budget_ = FineBudget(bucket_bytes);
    return std::exchange(deltas_, {});
}

void DeltaTable::restore(Deltas deltas) {
    take();
    deltas_ = std::move(deltas);
    for (std::uint32_t delta = 0; delta < deltas_.requests.size(); ++delta) {
        link(delta);
        charge(deltas_.requests[delta].durations);
    }
    for (std::uint32_t each = 0; each < deltas_.custom.size(); ++each) {
        const CustomDelta& delta = deltas_.custom[each];
        custom_.emplace(CustomKey{delta.labels.get(), delta.app}, each);
        charge(delta.values);
        charge(delta.negatives);
    }
}

void DeltaTable::charge(const FineHistogram& histogram) {
    for (std::size_t octave = 1; octave < histogram.octaves(); ++octave) budget_.take(FineHistogram::octave_bytes);
}

}  // namespace outrigger::fold
