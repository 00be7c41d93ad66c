#include "agent/fold/snapshot_bytes.h"

#include <algorithm>

namespace outrigger::fold {
namespace {

constexpr std::size_t greatest_stride = 65'536;

template <class Id>
void write_id(ByteWriter& out, const Id& id) {
    out.bytes(std::as_bytes(std::span(id)));
}

template <class Id>
void read_id(ByteReader& in, Id& id) {
    const Bytes bytes = in.bytes(id.size());
    std::ranges::transform(bytes, id.begin(), [](std::byte each) { return std::to_integer<std::uint8_t>(each); });
}

// Counters that are single numbers, in the order of the file; new ones go to the end.
template <class Counters>
auto single(Counters& counters) {
    return std::array{&counters.requests,       &counters.metrics,      &counters.folded,
                      &counters.folded_metrics, &counters.gap,          &counters.torn,
                      &counters.lost_full,      &counters.lost_damaged, &counters.marks_evicted};
}

void write(ByteWriter& out, const Counters& counters) {
    const auto all = single(counters);
    out.number(static_cast<std::uint32_t>(all.size()));
    for (const std::uint64_t* value : all) out.number(*value);
    out.numbers(counters.refused);
    out.numbers(counters.cut);
    out.numbers(counters.emitter_dropped);
}

void read(ByteReader& in, Counters& counters) {
    const auto all = single(counters);
    std::array<std::uint64_t, std::tuple_size_v<decltype(single(counters))>> values{};
    in.numbers(values);
    for (std::size_t at = 0; at < all.size(); ++at) *all[at] = values[at];
    in.numbers(counters.refused);
    in.numbers(counters.cut);
    in.numbers(counters.emitter_dropped);
}

void write(ByteWriter& out, const RequestSeries& series) {
    out.number(static_cast<std::uint32_t>(series.stride));
    out.number(static_cast<std::uint32_t>(series.size));
    for (std::size_t each = 0; each < series.size; ++each) {
        out.text(series.labels(each).key);
        for (std::size_t column = 0; column < series.stride; ++column) out.number(series.row(each)[column]);
    }
    out.number(static_cast<std::uint32_t>(series.exemplars.size()));
    for (const Exemplar& exemplar : series.exemplars) {
        out.number(exemplar.series);
        out.number(exemplar.bucket);
        write_id(out, exemplar.trace_id);
        out.number(exemplar.duration_us);
        out.number(exemplar.at_us);
    }
}

void read(ByteReader& in, RequestSeries& series, std::vector<SeriesLabels>& labels) {
    series.stride = in.number<std::uint32_t>();
    if (series.stride > greatest_stride) in.fail();
    series.size = in.count(sizeof(std::uint32_t) + series.stride * sizeof(std::uint64_t));
    if (series.size != 0 && series.stride <= RequestSeries::buckets) in.fail();
    labels.resize(series.size);
    series.values.reserve(series.size * series.stride);
    for (std::size_t each = 0; each < series.size; ++each) {
        labels[each].key = in.text();
        for (std::size_t column = 0; column < series.stride; ++column) {
            series.values.push_back(in.number<std::uint64_t>());
        }
    }
    for (std::size_t at = 0; at < series.size; at += RequestSeries::labels_in_chunk) {
        series.chunks.push_back(labels.data() + at);
    }
    for (std::size_t left = in.count(40); left > 0; --left) {
        Exemplar exemplar;
        exemplar.series = in.number<std::uint32_t>();
        exemplar.bucket = in.number<std::uint32_t>();
        read_id(in, exemplar.trace_id);
        exemplar.duration_us = in.number<std::int64_t>();
        exemplar.at_us = in.number<std::int64_t>();
        if (exemplar.series < series.size) series.exemplars.push_back(exemplar);
    }
}

void write(ByteWriter& out, const CustomFamily& family) {
    out.text(family.name);
    out.number(static_cast<std::uint8_t>(family.kind));
    out.number(family.last_us);
    out.number(static_cast<std::uint32_t>(family.series.size()));
    for (const CustomSeries& series : family.series) {
        out.text(*series.labels);
        out.number(series.sum.whole);
        out.real(series.sum.part);
        out.real(series.sum.compensation);
        out.real(series.gauge);
        out.number(series.set_us);
    }
    out.number(static_cast<std::uint32_t>(family.stride));
    out.numbers(family.buckets);
}

CustomFamily read_custom(ByteReader& in) {
    CustomFamily family;
    family.name = in.text();
    family.kind = static_cast<MetricKind>(in.number<std::uint8_t>());
    family.last_us = in.number<std::int64_t>();
    for (std::size_t left = in.count(44); left > 0; --left) {
        CustomSeries series;
        series.labels = std::make_shared<const std::string>(in.text());
        series.sum.whole = in.number<std::uint64_t>();
        series.sum.part = in.real();
        series.sum.compensation = in.real();
        series.gauge = in.real();
        series.set_us = in.number<std::int64_t>();
        family.series.push_back(std::move(series));
    }
    family.stride = in.number<std::uint32_t>();
    for (std::size_t left = in.count(8); left > 0; --left) family.buckets.push_back(in.number<std::uint64_t>());
    if (family.buckets.size() != family.stride * family.series.size()) in.fail();
    return family;
}

void write(ByteWriter& out, const Mark& mark) {
    write_id(out, mark.emitter);
    out.number(mark.uid);
    out.number(mark.number);
    out.number(mark.arrival_us);
    out.number(mark.position);
    out.numbers(mark.drops);
}

Mark read_mark(ByteReader& in) {
    Mark mark;
    read_id(in, mark.emitter);
    mark.uid = in.number<std::uint32_t>();
    mark.number = in.number<std::uint64_t>();
    mark.arrival_us = in.number<std::int64_t>();
    mark.position = in.number<std::uint64_t>();
    in.numbers(mark.drops);
    return mark;
}

template <class List>
void write_list(ByteWriter& out, const List& list, auto&& write_one) {
    out.number(static_cast<std::uint32_t>(list.size()));
    for (const auto& each : list) write_one(each);
}

}  // namespace

void write(ByteWriter& out, const Snapshot& snapshot) {
    out.number(snapshot.position);
    out.number(snapshot.arrival_us);
    write(out, snapshot.counters);
    write_list(out, snapshot.bounds, [&](double bound) { out.real(bound); });
    write(out, snapshot.requests);
    write_list(out, snapshot.custom, [&](const CustomFamily& family) { write(out, family); });
    write_list(out, snapshot.apps, [&](const AppInfo& app) {
        for (const std::string* text : {&app.service, &app.env, &app.version}) out.text(*text);
        out.number(app.last_us);
    });
    write_list(out, snapshot.overflow, [&](const Overflow& overflow) {
        out.text(overflow.label);
        out.number(overflow.events);
    });
    write_list(out, snapshot.offenders, [&](const Offender& offender) {
        out.text(offender.name);
        out.number(offender.events);
        out.text(offender.example);
    });
    write_list(out, snapshot.marks, [&](const Mark& mark) { write(out, mark); });
}

void read(ByteReader& in, Snapshot& snapshot, std::vector<SeriesLabels>& labels) {
    snapshot.position = in.number<std::uint64_t>();
    snapshot.arrival_us = in.number<std::int64_t>();
    read(in, snapshot.counters);
    for (std::size_t left = in.count(8); left > 0; --left) snapshot.bounds.push_back(in.real());
    read(in, snapshot.requests, labels);
    for (std::size_t left = in.count(25); left > 0; --left) snapshot.custom.push_back(read_custom(in));
    for (std::size_t left = in.count(20); left > 0; --left) {
        AppInfo app;
        for (std::string* text : {&app.service, &app.env, &app.version}) *text = in.text();
        app.last_us = in.number<std::int64_t>();
        snapshot.apps.push_back(std::move(app));
    }
    for (std::size_t left = in.count(12); left > 0; --left) {
        std::string label(in.text());
        snapshot.overflow.push_back({std::move(label), in.number<std::uint64_t>()});
    }
    for (std::size_t left = in.count(16); left > 0; --left) {
        Offender offender;
        offender.name = in.text();
        offender.events = in.number<std::uint64_t>();
        offender.example = in.text();
        snapshot.offenders.push_back(std::move(offender));
    }
    for (std::size_t left = in.count(48); left > 0; --left) snapshot.marks.push_back(read_mark(in));
    snapshot.emitters = snapshot.marks.size();
}

}  // namespace outrigger::fold
