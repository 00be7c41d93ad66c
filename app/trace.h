// Which trace a request belongs to, and which span of it the request is: from its headers, else new; and the headers
// that continue it elsewhere. Called by Instrument, on the connection's thread. Pure but for the ids it draws.
#pragma once

#include <httplib.h>

#include <array>
#include <cstdint>
#include <optional>

#include "shared/event.h"
#include "shared/trace_ids.h"

namespace outrigger::app {

struct RequestTrace {
    TraceId trace_id{};
    std::uint64_t span_id = 0;
    std::uint64_t parent_id = 0;
    std::optional<std::int8_t> priority;
    std::optional<std::uint64_t> last_datadog_span;  // the tag _dd.parent_id, see shared/trace_context.h
};

RequestTrace trace_of(const httplib::Request& request, IdSource& source, std::int64_t unix_seconds);

// The header that tells a client which trace this was. Sampled unless the client itself said otherwise.
std::array<char, 55> to_traceparent(const RequestTrace& trace);

// The headers of a call to another service, made on behalf of `served`: see shared/outgoing_trace.h.
httplib::Headers to_outgoing_headers(const httplib::Request& served, const RequestTrace& trace);

}  // namespace outrigger::app
