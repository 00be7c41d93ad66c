#include "app/translate.h"

#include <httplib.h>

namespace outrigger::app {
namespace {

// What the row says when no handler had a say.
std::string_view standard_message(int status) {
    switch (status) {
        case 400:
            return "400 Bad Request";
        case 404:
            return "404 Not Found";
        case 408:
            return "408 Request Timeout";
        case 413:
            return "413 Payload Too Large";
        case 414:
            return "414 URI Too Long";
        case 415:
            return "415 Unsupported Media Type";
        case 416:
            return "416 Range Not Satisfiable";
        case 417:
            return "417 Expectation Failed";
        default:
            return {};
    }
}

ErrorInfo to_error(const std::optional<Failure>& failure) {
    if (!failure) return {};
    return {.type = failure->type, .message = failure->message, .stack = failure->stack};
}

}  // namespace

RequestEvent to_event(const httplib::Request& request, const httplib::Response& response,
                      const Circumstances& circumstances, const Reply& reply, std::span<const Span> spans,
                      std::span<const Tag> tags) {
    RequestEvent event;
    event.method = request.method;
    event.route = circumstances.route;
    event.path = request.target;
    event.status = response.status;
    event.duration_us = circumstances.times.duration_us;
    event.start_us = circumstances.times.start_us;
    event.request_bytes = static_cast<std::int64_t>(request.body.size());
    event.response_bytes = request.method == "HEAD" ? 0 : static_cast<std::int64_t>(response.body.size());
    event.client = circumstances.client;
    event.trace_id = circumstances.trace.trace_id;
    event.span_id = circumstances.trace.span_id;
    event.parent_id = circumstances.trace.parent_id;
    event.priority = circumstances.trace.priority;
    event.message = reply.message.empty() ? standard_message(response.status) : std::string_view{reply.message};
    event.error = to_error(reply.error);
    event.tags = tags;
    event.spans = spans;
    return event;
}

SpanViews::SpanViews(std::span<const ChildSpan> children) {
    std::size_t tags = 0;
    for (const auto& child : children) tags += child.tags.size();
    tags_.reserve(tags);  // so that none moves
    spans_.reserve(children.size());
    for (const auto& child : children) {
        const std::size_t first = tags_.size();
        for (const auto& [key, value] : child.tags) tags_.push_back({key, value});
        Span span;
        span.name = child.name;
        span.resource = child.resource;
        span.service = child.service;
        span.kind = child.kind;
        span.start_us = child.start_us;
        span.duration_us = child.duration_us;
        span.error = to_error(child.error);
        span.tags = std::span<const Tag>(tags_).subspan(first);
        spans_.push_back(span);
    }
}

}  // namespace outrigger::app
