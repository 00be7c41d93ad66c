// A copy of the fold at one position: what a scrape renders and a checkpoint writes, both without a lock. Values are
// copied; labels and keys are immutable and borrowed from the fold, which must outlive every snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/fold/counters.h"
#include "agent/fold/deltas.h"
#include "agent/fold/exact_sum.h"
#include "agent/fold/mark.h"
#include "shared/event.h"

namespace outrigger::fold {

// The immutable side of one request series.
struct SeriesLabels {
    std::string_view key;     // label values, not rendered: see series_key.h
    std::string_view text;    // rendered for the naming set, without braces: service="shop",method="GET",...
    std::uint32_t group = 0;  // its count family's label set: itself, but for naming sets that leave the route out
};

struct Exemplar {
    std::uint32_t series = 0;
    std::uint32_t bucket = 0;
    TraceId trace_id{};
    std::int64_t duration_us = 0;
    std::int64_t at_us = 0;  // UTC
};

// Request series. Row i is values[i * stride ..]: count, exceptions, sum in microseconds, then one count for each
// bucket (not cumulative), the last of them +Inf.
struct RequestSeries {
    static constexpr std::size_t count = 0, exceptions = 1, sum = 2, buckets = 3;

    std::size_t size = 0;
    std::size_t stride = 0;
    std::vector<std::uint64_t> values;
    std::vector<const SeriesLabels*> chunks;  // of labels_in_chunk each
    std::vector<std::string_view> groups;     // label text of the count families when they leave the route out
    std::vector<Exemplar> exemplars;          // sorted by series and bucket; only when asked for

    static constexpr std::size_t labels_in_chunk = 1024;
    const SeriesLabels& labels(std::size_t series) const {
        return chunks[series / labels_in_chunk][series % labels_in_chunk];
    }
    const std::uint64_t* row(std::size_t series) const { return values.data() + series * stride; }
};

struct CustomSeries {
    std::shared_ptr<const std::string> labels;  // rendered, without braces; the naming sets do not touch them
    ExactSum sum;                               // of a count its value, of a histogram its sum
    double gauge = 0;
    std::int64_t set_us = 0;  // arrival of the last
};

struct CustomFamily {
    std::string name;  // as the app gave it
    MetricKind kind = MetricKind::count;
    std::int64_t last_us = 0;  // arrival of its last event
    std::vector<CustomSeries> series;
    std::size_t stride = 0;              // of a histogram: buckets of one series, +Inf included
    std::vector<std::uint64_t> buckets;  // series i has buckets[i * stride ..]; not cumulative
};

struct AppInfo {
    std::string service, env, version;
    std::int64_t last_us = 0;
};

// Who fills the table: a service (or a custom metric's name) whose new label sets were folded into __other__.
struct Offender {
    std::string name;
    std::uint64_t events = 0;  // at least; bounded lists count so
    std::string example;       // the last route or metric that was folded away
};

struct Overflow {
    std::string label;
    std::uint64_t events = 0;
};

struct Snapshot {
    std::uint64_t position = 0;
    std::int64_t arrival_us = 0;  // of the entry there
    Counters counters;
    std::vector<double> bounds;  // seconds, without +Inf
    RequestSeries requests;
    std::vector<CustomFamily> custom;  // expired gauges left out
    std::vector<AppInfo> apps;         // seen in the last hour before `now`
    std::vector<Overflow> overflow;    // by label
    std::vector<Offender> offenders;   // most first
    std::vector<Mark> marks;           // only when asked for
    FlushState flushes;                // likewise
    std::size_t emitters = 0;          // marks known
    std::size_t series = 0;            // label sets, request and custom
};

}  // namespace outrigger::fold
