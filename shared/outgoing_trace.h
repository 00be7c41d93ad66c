// The header values that continue a trace in a call to another service: W3C's and Datadog's, which say the same.
// Pure. Called by whoever instruments an HTTP client, on the thread that makes the call.
// https://www.w3.org/TR/trace-context/ ; Datadog's headers and its member of tracestate as in dd-trace-cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "shared/trace_context.h"

namespace outrigger {

struct OutgoingTrace {
    std::string traceparent;
    std::string tracestate;
    std::string datadog_trace_id;   // decimal, the lower half
    std::string datadog_parent_id;  // decimal
    std::string datadog_sampling_priority;
    std::string datadog_origin;
    std::string datadog_tags;
};  // empty: not to be sent

// `span_id` is the caller's own; `incoming` what its request came with, none when the trace began there. Without an
// incoming priority nothing is said of sampling but that the trace may be kept: the next service then decides by the
// trace id, as this one's agent does, and both decide alike.
[[nodiscard]] OutgoingTrace to_outgoing(const TraceId& trace_id, std::uint64_t span_id,
                                        const std::optional<TraceContext>& incoming);

}  // namespace outrigger
