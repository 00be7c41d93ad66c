// What has come since the last flush -> StatsD lines. A request series becomes a counter line and weighted latency
// lines; a custom metric keeps its name and kind.
//
//   request_count:5|c|#service:shop,env:prod,version:1.0.3,method:GET,endpoint:/,status:200
//   request_latency_seconds:0.0102|d|@0.33333333333333326|#service:shop,...        one value that stands for three
//   request_count.shop.GET._.200:5|c          request_latency_seconds.shop.GET._.200:10.2|ms|@0.33333333333333326
//
// Pure: no socket, no clock. Called by the sink's thread.
#pragma once

#include <functional>
#include <string_view>

#include "agent/sinks/statsd/label_set.h"

namespace outrigger::statsd {

// What a line stands for, so that the books know what is lost with it.
struct Piece {
    enum class Of : std::uint8_t { count, latency, custom };
    Of of = Of::count;
    std::uint32_t delta = 0;    // index of Deltas::requests or ::custom
    std::uint64_t events = 0;   // request events, or custom metrics
    std::uint64_t repeats = 1;  // how often a receiver takes the value
};

// Lines that belong in one packet, joined by newlines, none at the end; at most `line_limit` bytes.
using Emit = std::function<void(std::string_view lines, const Piece& piece)>;

// All counters first: they are few, and the ones that must not be lost.
void render(const fold::Deltas& deltas, const Naming& naming, std::size_t line_limit, const Emit& emit);

}  // namespace outrigger::statsd
