// Request + response + what the handler said -> RequestEvent. Pure: no clock, no socket, no server.
// Called by Instrument on the connection's thread; the event borrows from all of its arguments.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "app/reply.h"
#include "app/trace.h"
#include "shared/event.h"

namespace httplib {
struct Request;
struct Response;
}  // namespace httplib

namespace outrigger::app {

struct Times {
    std::int64_t start_us = 0;  // UTC, microseconds since 1970
    std::int64_t duration_us = 0;
};

// What the server knows of a request beside the request itself.
struct Circumstances {
    std::string_view client;
    std::string_view route;  // empty: none matched
    Times times;
    RequestTrace trace;
};

RequestEvent to_event(const httplib::Request& request, const httplib::Response& response,
                      const Circumstances& circumstances, const Reply& reply, std::span<const Span> spans,
                      std::span<const Tag> tags);

std::vector<Span> to_spans(std::span<const ChildSpan> children);

}  // namespace outrigger::app
