#include "agent/fold/custom_table.h"

#include <algorithm>
#include <utility>

#include "agent/fold/exact_sum.h"
#include "agent/fold/hash.h"
#include "agent/fold/label_text.h"
#include "agent/fold/metric_names.h"

namespace outrigger::fold {
namespace {

bool is_other(const CustomSeries& series) { return *series.labels == R"(service="__other__")"; }

}  // namespace

std::size_t CustomTable::Hash::operator()(std::string_view text) const { return hash(text, seed); }

CustomTable::CustomTable(const std::vector<double>& bounds, SeriesGuard& guard, Offenders& offenders)
    : buckets_(bounds), guard_(guard), offenders_(offenders), hash_{random_seed()}, families_(0, hash_) {
    tags_.reserve(limits::tags);
}

const CustomSeries& CustomTable::apply(std::string_view service, const MetricView& metric, std::int64_t arrival_us) {
    Family& family = family_of(metric, arrival_us);
    const std::uint32_t index = series_of(family, service, metric);
    CustomSeries& series = family.family.series[index];
    family.family.last_us = arrival_us;
    series.set_us = arrival_us;
    switch (metric.kind) {
        case MetricKind::count:
            add_to(series.sum, metric.value);
            break;
        case MetricKind::gauge:
            series.gauge = metric.value;
            break;
        case MetricKind::histogram:
            add_to(series.sum, metric.value);
            ++family.family.buckets[index * family.family.stride + buckets_.of_value(metric.value)];
            break;
    }
    return series;
}

CustomTable::Family& CustomTable::family_of(const MetricView& metric, std::int64_t arrival_us) {
    const auto known = families_.find(metric.name);
    if (known != families_.end() && known->second.family.kind == metric.kind) return known->second;
    make_room(metric);
    Family& made =
        families_.try_emplace(std::string(metric.name), Family{{}, ByText<std::uint32_t>(0, hash_)}).first->second;
    made.family = {std::string(metric.name), metric.kind, arrival_us, {}, 0, {}};
    if (metric.kind == MetricKind::histogram) made.family.stride = buckets_.size();
    return made;
}

// Intake admits a name only when those that stand in its way have been idle for an hour: they go.
void CustomTable::make_room(const MetricView& metric) {
    const auto wanted = occupied_names(metric.kind, metric.name);
    std::vector<std::string> leaving;
    for (const auto& [name, family] : families_) {
        const auto taken = occupied_names(family.family.kind, name);
        const auto is_taken = [&](const std::string& each) { return std::ranges::find(taken, each) != taken.end(); };
        if (std::ranges::any_of(wanted, is_taken)) leaving.push_back(name);
    }
    for (const auto& name : leaving) erase_family(name);
    if (families_.size() < greatest_names) return;
    const auto idlest = std::ranges::min_element(
        families_, {}, [](const auto& each) { return std::pair(each.second.family.last_us, each.first); });
    erase_family(std::string(idlest->first));
}

void CustomTable::erase_family(std::string_view name) {
    const auto found = families_.find(name);
    for (const CustomSeries& series : found->second.family.series) guard_.release(is_other(series));
    families_.erase(found);
}

std::uint32_t CustomTable::series_of(Family& family, std::string_view service, const MetricView& metric) {
    const auto known = family.index.find(write_labels(service, metric.tags));
    if (known != family.index.end()) return known->second;
    if (guard_.admit()) return add(family, labels_);
    ++overflow_;
    offenders_.add(metric.name, metric.name);
    const auto other = family.index.find(write_labels(other_value, {}));
    if (other != family.index.end()) return other->second;
    if (!guard_.admit_other()) guard_.add_beyond();  // at most one for each of the thousand names
    return add(family, labels_);
}

// Tags in order of their keys, so that a label set has one text. Of two keys that become the same label the first wins.
std::string_view CustomTable::write_labels(std::string_view service, const TagList& tags) {
    labels_.clear();
    append_label(labels_, "service", service);
    tags_.clear();
    for (const Tag tag : tags) tags_.push_back(tag);
    std::ranges::sort(tags_, {}, &Tag::key);
    names_.clear();
    for (const Tag& tag : tags_) {
        name_.clear();
        append_label_name(name_, tag.key == "service" ? "tag_service" : tag.key);
        const auto is_it = [this](const auto& place) {
            return std::string_view(labels_).substr(place.first, place.second) == name_;
        };
        if (std::ranges::any_of(names_, is_it)) continue;
        labels_ += ',';
        names_.emplace_back(labels_.size(), name_.size());
        labels_ += name_;
        append_value(labels_, tag.value);
    }
    return labels_;
}

std::uint32_t CustomTable::add(Family& family, std::string_view labels) {
    const auto index = static_cast<std::uint32_t>(family.family.series.size());
    CustomSeries series;
    series.labels = std::make_shared<const std::string>(labels);
    family.family.series.push_back(std::move(series));
    family.family.buckets.resize(family.family.buckets.size() + family.family.stride);
    family.index.emplace(labels, index);
    return index;
}

void CustomTable::expire(std::int64_t now_us) {
    for (auto each = families_.begin(); each != families_.end();) {
        Family& family = each->second;
        if (family.family.kind != MetricKind::gauge) {
            ++each;
            continue;
        }
        for (auto at = static_cast<std::uint32_t>(family.family.series.size()); at-- > 0;) {
            if (now_us - family.family.series[at].set_us >= idle_us) erase_series(family, at);
        }
        each = family.family.series.empty() ? families_.erase(each) : std::next(each);
    }
}

void CustomTable::erase_series(Family& family, std::uint32_t series) {
    auto& all = family.family.series;
    guard_.release(is_other(all[series]));
    family.index.erase(*all[series].labels);
    if (series + 1 != all.size()) {
        all[series] = std::move(all.back());
        family.index[*all[series].labels] = series;
    }
    all.pop_back();
}

std::shared_ptr<const std::string> CustomTable::labels_of(std::string_view name, std::string_view text) const {
    const auto found = families_.find(name);
    if (found == families_.end()) return nullptr;
    const Family& family = found->second;
    const auto known = family.index.find(text);
    return known == family.index.end() ? nullptr : family.family.series[known->second].labels;
}

std::vector<CustomFamily> CustomTable::copy() const {
    std::vector<CustomFamily> out;
    out.reserve(families_.size());
    for (const auto& [name, family] : families_) out.push_back(family.family);
    return out;
}

void CustomTable::restore(const std::vector<CustomFamily>& from, std::uint64_t overflow, bool same_buckets) {
    overflow_ = overflow;
    for (const CustomFamily& each : from) {
        Family& family = families_.try_emplace(each.name, Family{{}, ByText<std::uint32_t>(0, hash_)}).first->second;
        family.family = {each.name, each.kind, each.last_us, {}, 0, {}};
        if (each.kind == MetricKind::histogram) {
            family.family.stride = buckets_.size();
            if (!same_buckets) continue;
        }
        for (const CustomSeries& series : each.series) {
            guard_.add_kept(is_other(series));
            family.family.series[add(family, *series.labels)] = series;
        }
        family.family.buckets = each.buckets;
    }
}

}  // namespace outrigger::fold
