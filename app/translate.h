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

// What the server knows of a request beside the request itself; borrows.
struct Circumstances {
    std::string_view client;
    std::string_view route;  // empty: none matched
    Times times;
    const RequestTrace& trace;
};

RequestEvent to_event(const httplib::Request& request, const httplib::Response& response,
                      const Circumstances& circumstances, const Reply& reply, std::span<const Span> spans,
                      std::span<const Tag> tags);

// Child spans as an event has them, and the tags that they refer to; borrows all text.
class SpanViews {
  public:
    explicit SpanViews(std::span<const ChildSpan> children);
    SpanViews(const SpanViews&) = delete;
    SpanViews& operator=(const SpanViews&) = delete;

    std::span<const Span> spans() const { return spans_; }

  private:
    std::vector<Tag> tags_;
    std::vector<Span> spans_;
};

}  // namespace outrigger::app
