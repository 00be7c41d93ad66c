// Whose request this is: the trace an incoming request belongs to, from W3C and Datadog headers, and the header that
// passes it on. Pure; allocates nothing. Called in the request path by whoever instruments the app.
// https://www.w3.org/TR/trace-context/ ; Datadog's headers and precedence as in dd-trace-cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "shared/event.h"

namespace outrigger {

// Header values as received; empty: not there.
struct TraceHeaders {
    std::string_view traceparent;
    std::size_t traceparent_count = 1;  // how many headers of that name came; several are as bad as none
    std::string_view tracestate;        // several are joined with ',' in their order
    std::string_view datadog_trace_id;
    std::string_view datadog_parent_id;
    std::string_view datadog_sampling_priority;
    std::string_view datadog_origin;
    std::string_view datadog_tags;
};

struct TraceContext {
    TraceId trace_id{};                   // never all zero
    std::uint64_t parent_id = 0;          // 0: the caller had no span
    std::optional<std::int8_t> priority;  // -1 and 0 drop, 1 and 2 keep; what lies beyond is brought to the nearer end
    // The last span of a Datadog tracer upstream, when W3C headers gave the parent; 0: none. The tag _dd.parent_id.
    std::optional<std::uint64_t> last_datadog_span;
    std::string_view tracestate;  // valid and of this trace, else empty; at most max_tracestate_bytes, borrowed
    // Where Datadog's headers named the trace: where it began (synthetics, rum), and a list `k=v,...`, else empty.
    std::string_view datadog_origin;
    std::string_view datadog_tags;
};

inline constexpr std::size_t max_tracestate_bytes = 8UL * 1024;
// An origin that is longer, or not printable, tells nothing.
inline constexpr std::size_t max_datadog_origin_bytes = 256;
inline constexpr std::size_t max_datadog_tags_bytes = 512;  // x-datadog-tags, and the dd member of tracestate
inline constexpr std::size_t max_tracestate_members = 32;
inline constexpr std::size_t max_tracestate_value_bytes = 256;  // of one member, as it is sent

// Nothing when no header names a trace: a new one begins.
// Datadog's headers come first; W3C's add tracestate and parent when they speak of the same trace.
[[nodiscard]] std::optional<TraceContext> extract_trace_context(const TraceHeaders& headers);

// 00-<trace>-<span>-01 or -00.
[[nodiscard]] std::array<char, 55> to_traceparent(const TraceId& trace_id, std::uint64_t span_id, bool sampled);

}  // namespace outrigger
