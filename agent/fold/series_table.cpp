#include "agent/fold/series_table.h"

#include <algorithm>
#include <utility>

#include "agent/fold/hash.h"
#include "agent/fold/label_text.h"
#include "agent/fold/saturating_add.h"
#include "shared/methods.h"

namespace outrigger::fold {

SeriesTable::SeriesTable(const FoldSettings& settings, SeriesGuard& guard, Offenders& offenders)
    : names_(settings.names),
      buckets_(settings.buckets),
      guard_(guard),
      offenders_(offenders),
      keys_(random_seed()),
      groups_(random_seed()) {
    for (const std::string& key : settings.tag_labels) tag_labels_.push_back({key, to_label_name(key), 0});
    std::ranges::sort(tag_labels_, {}, &TagLabel::label_name);
    const auto repeated = std::ranges::unique(tag_labels_, {}, &TagLabel::label_name);
    tag_labels_.erase(repeated.begin(), repeated.end());
    tag_values_.resize(tag_labels_.size());
}

std::uint32_t SeriesTable::series_of(std::string_view service, const RequestView& request) {
    const std::string_view key = write_key(service, request);
    const std::uint32_t known = keys_.find(key);
    if (known != KeyTable::none) return known;
    return guard_.admit() ? add(key) : overflow_series(service, request);
}

std::string_view SeriesTable::write_key(std::string_view service, const RequestView& request) {
    writer_.begin({request.status, request.method, service, request.route});
    if (tag_labels_.empty()) return writer_.key();
    std::ranges::fill(tag_values_, std::string_view{});
    for (const Tag tag : request.tags) {
        for (std::size_t at = 0; at < tag_labels_.size(); ++at) {
            if (tag_labels_[at].tag_key == tag.key) tag_values_[at] = tag.value;
        }
    }
    for (std::size_t at = 0; at < tag_labels_.size(); ++at) {
        if (!tag_values_[at].empty()) writer_.add_tag(tag_labels_[at].label_name, tag_values_[at]);
    }
    return writer_.key();
}

// Every label that an app can fill at will gives way; beyond the reserve the method does too, so that at most a set for
// each status comes on top of the cap.
std::uint32_t SeriesTable::overflow_series(std::string_view service, const RequestView& request) {
    count_overflow(service, request);
    const std::uint32_t known = keys_.find(write_other_key(request, request.method));
    if (known != KeyTable::none) return known;
    if (guard_.admit_other()) return add(writer_.key());
    const std::uint32_t merged = keys_.find(write_other_key(request, method_name(other_method)));
    if (merged != KeyTable::none) return merged;
    guard_.add_beyond();
    return add(writer_.key());
}

std::string_view SeriesTable::write_other_key(const RequestView& request, std::string_view method) {
    writer_.begin({request.status, method, other_value, other_value});
    for (const TagLabel& label : tag_labels_) writer_.add_tag(label.label_name, other_value);
    return writer_.key();
}

void SeriesTable::count_overflow(std::string_view service, const RequestView& request) {
    ++service_overflow_;
    ++route_overflow_;
    for (std::size_t at = 0; at < tag_labels_.size(); ++at) {
        if (!tag_values_[at].empty()) ++tag_labels_[at].overflow;
    }
    offenders_.add(service, request.route);
}

std::uint32_t SeriesTable::add(std::string_view key) {
    const std::string_view kept = arena_.keep(key);
    const std::uint32_t series = keys_.insert(kept);
    const auto parsed = parse_series_key(kept).value_or(SeriesKey{});
    const std::size_t place = series % RequestSeries::labels_in_chunk;
    if (place == 0) labels_.push_back(std::make_unique<SeriesLabels[]>(RequestSeries::labels_in_chunk));
    labels_.back()[place] = {kept, arena_.keep(render_labels(parsed, names_, true)), group_of(parsed)};
    values_.resize(values_.size() + RequestSeries::buckets + buckets_.size());
    exemplars_.add_series();
    return series;
}

std::uint32_t SeriesTable::group_of(const SeriesKey& key) {
    if (label_names(names_).count_has_route) return static_cast<std::uint32_t>(keys_.size() - 1);
    const std::string text = render_labels(key, names_, false);
    const std::uint32_t known = groups_.find(text);
    return known != KeyTable::none ? known : groups_.insert(arena_.keep(text));
}

void SeriesTable::observe(std::uint32_t series, std::uint64_t duration_us, bool failed) {
    const std::size_t stride = RequestSeries::buckets + buckets_.size();
    std::uint64_t* const row = values_.data() + series * stride;
    ++row[RequestSeries::count];
    row[RequestSeries::exceptions] += failed ? 1 : 0;
    saturating_add(row[RequestSeries::sum], duration_us);
    ++row[RequestSeries::buckets + buckets_.of_microseconds(duration_us)];
}

void SeriesTable::set_exemplar(std::uint32_t series, std::uint64_t duration_us, const TraceId& trace_id,
                               std::int64_t at_us) {
    const auto bucket = static_cast<std::uint32_t>(buckets_.of_microseconds(duration_us));
    exemplars_.set({series, bucket, trace_id, static_cast<std::int64_t>(duration_us), at_us});
}

std::vector<Overflow> SeriesTable::overflow() const {
    std::vector<Overflow> out = {{"service", service_overflow_}, {"route", route_overflow_}};
    for (const TagLabel& label : tag_labels_) out.push_back({label.label_name, label.overflow});
    out.insert(out.end(), old_overflow_.begin(), old_overflow_.end());
    return out;
}

void SeriesTable::copy_to(RequestSeries& out, bool with_exemplars) const {
    out.size = keys_.size();
    out.stride = RequestSeries::buckets + buckets_.size();
    out.values.assign(values_.begin(), values_.end());
    out.chunks.clear();
    for (const auto& chunk : labels_) out.chunks.push_back(chunk.get());
    out.groups.clear();
    for (std::uint32_t group = 0; group < groups_.size(); ++group) out.groups.push_back(groups_.key(group));
    if (with_exemplars) out.exemplars.assign(exemplars_.all().begin(), exemplars_.all().end());
}

void SeriesTable::restore(const RequestSeries& from, const std::vector<Overflow>& overflow, bool same_buckets) {
    const std::size_t stride = RequestSeries::buckets + buckets_.size();
    for (std::size_t each = 0; each < from.size; ++each) {
        const std::string_view key = from.labels(each).key;
        if (keys_.find(key) != KeyTable::none) continue;
        const auto parsed = parse_series_key(key);
        if (!parsed) continue;
        guard_.add_kept(parsed->id.service == other_value && parsed->id.route == other_value);
        const std::uint32_t series = add(key);
        const std::uint64_t* const row = from.row(each);
        const std::size_t taken = same_buckets ? stride : RequestSeries::sum;
        std::copy_n(row, taken, values_.data() + series * stride);
    }
    if (same_buckets) {
        for (const Exemplar& exemplar : from.exemplars) exemplars_.set(exemplar);
    }
    for (const Overflow& each : overflow) {
        const auto label = std::ranges::find(tag_labels_, each.label, &TagLabel::label_name);
        if (each.label == "service") {
            service_overflow_ = each.events;
        } else if (each.label == "route") {
            route_overflow_ = each.events;
        } else if (label != tag_labels_.end()) {
            label->overflow = each.events;
        } else {
            old_overflow_.push_back(each);
        }
    }
}

}  // namespace outrigger::fold
