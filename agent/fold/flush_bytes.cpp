#include "agent/fold/flush_bytes.h"

#include <array>
#include <cstdlib>
#include <memory>
#include <string>

namespace outrigger::fold {
namespace {

constexpr std::int32_t greatest_index = 1'100 * fine_in_octave;  // no double is beyond it

template <class Reach>
auto numbers_of(Reach& reach) {
    return std::array{&reach.position, &reach.requests, &reach.metrics, &reach.lost_full, &reach.lost_damaged};
}

void write(ByteWriter& out, const Reach& reach) {
    for (const std::uint64_t* number : numbers_of(reach)) out.number(*number);
}

Reach read_reach(ByteReader& in) {
    Reach reach;
    for (std::uint64_t* number : numbers_of(reach)) *number = in.number<std::uint64_t>();
    return reach;
}

void write(ByteWriter& out, const FineHistogram& histogram) {
    const auto buckets = histogram.buckets();
    out.number(histogram.zeros());
    out.number(static_cast<std::uint32_t>(buckets.size()));
    for (const auto& [index, count] : buckets) {
        out.number(index);
        out.number(count);
    }
}

FineHistogram read_histogram(ByteReader& in) {
    FineHistogram histogram;
    histogram.add_zeros(in.number<std::uint64_t>());
    for (std::size_t left = in.count(12); left > 0; --left) {
        const auto index = in.number<std::int32_t>();
        const auto count = in.number<std::uint64_t>();
        if (index < -greatest_index || index > greatest_index) in.fail();
        if (in.whole()) histogram.add_to_bucket(index, count);
    }
    return histogram;
}

void write(ByteWriter& out, const CustomDelta& delta) {
    out.text(delta.name);
    out.number(static_cast<std::uint8_t>(delta.kind));
    out.number(delta.app);
    out.text(*delta.labels);
    out.number(delta.events);
    out.number(delta.sum.whole);
    out.real(delta.sum.part);
    out.real(delta.sum.compensation);
    out.real(delta.gauge);
    write(out, delta.values);
    write(out, delta.negatives);
}

CustomDelta read_custom(ByteReader& in) {
    CustomDelta delta;
    delta.name = in.text();
    delta.kind = static_cast<MetricKind>(in.number<std::uint8_t>());
    delta.app = in.number<std::uint32_t>();
    delta.labels = std::make_shared<const std::string>(in.text());
    delta.events = in.number<std::uint64_t>();
    delta.sum.whole = in.number<std::uint64_t>();
    delta.sum.part = in.real();
    delta.sum.compensation = in.real();
    delta.gauge = in.real();
    delta.values = read_histogram(in);
    delta.negatives = read_histogram(in);
    return delta;
}

void write(ByteWriter& out, const Deltas& deltas) {
    out.number(static_cast<std::uint32_t>(deltas.apps.size()));
    for (const AppTags& app : deltas.apps) {
        out.text(app.env);
        out.text(app.version);
    }
    out.number(static_cast<std::uint32_t>(deltas.requests.size()));
    for (const RequestDelta& delta : deltas.requests) {
        out.number(delta.series);
        out.number(delta.app);
        out.number(delta.count);
        write(out, delta.durations);
    }
    out.number(static_cast<std::uint32_t>(deltas.custom.size()));
    for (const CustomDelta& delta : deltas.custom) write(out, delta);
    out.number(deltas.events);
    out.number(deltas.metrics);
    out.number(deltas.first_us);
}

Deltas read_deltas(ByteReader& in, std::size_t series) {
    Deltas deltas;
    for (std::size_t left = in.count(8); left > 0; --left) {
        std::string env(in.text());
        deltas.apps.push_back({std::move(env), std::string(in.text())});
    }
    for (std::size_t left = in.count(28); left > 0; --left) {
        RequestDelta delta;
        delta.series = in.number<std::uint32_t>();
        delta.app = in.number<std::uint32_t>();
        delta.count = in.number<std::uint64_t>();
        delta.durations = read_histogram(in);
        if (delta.series >= series || delta.app >= deltas.apps.size()) in.fail();
        deltas.requests.push_back(std::move(delta));
    }
    for (std::size_t left = in.count(73); left > 0; --left) {
        deltas.custom.push_back(read_custom(in));
        if (deltas.custom.back().app >= deltas.apps.size()) in.fail();
    }
    deltas.events = in.number<std::uint64_t>();
    deltas.metrics = in.number<std::uint64_t>();
    deltas.first_us = in.number<std::int64_t>();
    return deltas;
}

}  // namespace

void write(ByteWriter& out, const books::Cursor& cursor) {
    out.number(static_cast<std::uint8_t>(cursor.on));
    for (const std::uint64_t value :
         {cursor.position, cursor.base, cursor.requests, cursor.delivered, cursor.rewound}) {
        out.number(value);
    }
    out.numbers(cursor.dropped);
    out.numbers(cursor.dropped_metrics);
}

books::Cursor read_cursor(ByteReader& in) {
    books::Cursor cursor;
    cursor.on = in.number<std::uint8_t>() != 0;
    for (std::uint64_t* value :
         {&cursor.position, &cursor.base, &cursor.requests, &cursor.delivered, &cursor.rewound}) {
        *value = in.number<std::uint64_t>();
    }
    in.numbers(cursor.dropped);
    in.numbers(cursor.dropped_metrics);
    return cursor;
}

void write(ByteWriter& out, const FlushState& state) {
    out.number(static_cast<std::uint8_t>(state.active));
    write(out, state.cursor);
    write(out, state.done);
    out.number(state.last_id);
    out.number(state.open.id);
    write(out, state.open.reach);
    out.number(state.open.events);
    out.number(state.open.metrics);
    out.number(state.open.first_us);
    write(out, state.since);
}

FlushState read_flushes(ByteReader& in, std::size_t series) {
    FlushState state;
    state.active = in.number<std::uint8_t>() != 0;
    state.cursor = read_cursor(in);
    state.done = read_reach(in);
    state.last_id = in.number<std::uint64_t>();
    state.open.id = in.number<std::uint64_t>();
    state.open.reach = read_reach(in);
    state.open.events = in.number<std::uint64_t>();
    state.open.metrics = in.number<std::uint64_t>();
    state.open.first_us = in.number<std::int64_t>();
    state.since = read_deltas(in, series);
    return state;
}

}  // namespace outrigger::fold
