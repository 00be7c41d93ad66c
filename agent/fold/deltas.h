// What has come since the last flush, by label set: what the StatsD sink sends, and the part of it that a checkpoint
// keeps. Filled by DeltaTable on the writer's thread, moved to the sink's thread at a flush.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/fold/exact_sum.h"
#include "agent/fold/fine_buckets.h"
#include "shared/event.h"

namespace outrigger::fold {

// Of the emitter's identity: no labels of the series, but tags of StatsD.
struct AppTags {
    std::string env, version;
};

struct RequestDelta {
    std::uint32_t series = 0;  // row of RequestSeries
    std::uint32_t app = 0;     // index of Deltas::apps
    std::string_view key;      // of the series, see series_key.h; borrowed from the fold
    std::uint64_t count = 0;
    FineHistogram durations;  // microseconds
};

struct CustomDelta {
    std::string name;  // as the app gave it
    MetricKind kind = MetricKind::count;
    std::uint32_t app = 0;
    // Rendered as for /metrics, without braces; the fold's own, so that it lies in memory once.
    std::shared_ptr<const std::string> labels;
    std::uint64_t events = 0;  // metrics that are in it
    ExactSum sum;              // of a count
    double gauge = 0;          // the last one
    FineHistogram values;      // of a histogram: those that are not below zero
    FineHistogram negatives;   // and the others, without their sign
};

struct Deltas {
    std::vector<AppTags> apps;
    std::vector<RequestDelta> requests;  // in order of first touch
    std::vector<CustomDelta> custom;
    std::uint64_t events = 0;   // requests that are in it
    std::uint64_t metrics = 0;  // custom metrics likewise
    std::int64_t first_us = 0;  // arrival of the first; 0: there is none
    std::uint64_t coarse = 0;   // values whose bucket is not theirs but one nearby: there was no memory for more
};

// How far a flush reaches, from the journal's own counts.
struct Reach {
    std::uint64_t position = 0;
    std::uint64_t requests = 0;
    std::uint64_t metrics = 0;
    std::uint64_t lost_full = 0;  // of them, gone before they could be folded
    std::uint64_t lost_damaged = 0;
};

// A flush that was begun and has not ended.
struct OpenFlush {
    std::uint64_t id = 0;  // 0: there is none
    Reach reach;
    std::uint64_t events = 0;
    std::uint64_t metrics = 0;
    std::int64_t first_us = 0;
};

// All that the fold knows of the StatsD sink, at one position.
struct FlushState {
    bool active = false;  // by the journal: on, and not off since
    books::Cursor cursor;
    Reach done;  // what the cursor stands for
    std::uint64_t last_id = 0;
    OpenFlush open;
    Deltas since;
};

}  // namespace outrigger::fold
