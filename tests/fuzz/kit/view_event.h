// A record's view made an event again, which borrows from the view and from what this keeps: so that a record can be
// written anew from what was read of it.
#pragma once

#include <array>
#include <deque>
#include <vector>

#include "shared/ip_address.h"
#include "shared/record.h"

namespace outrigger::fuzz {

class ViewEvent {
  public:
    explicit ViewEvent(const RequestView& view) {
        request.method = view.method;
        request.route = view.route;
        request.path = view.path;
        request.status = view.status;
        request.duration_us = view.duration_us;
        request.start_us = view.start_us;
        request.request_bytes = view.request_bytes;
        request.response_bytes = view.response_bytes;
        if (view.client != nullptr)
            request.client = to_text(std::span<const std::uint8_t, 16>(view.client, 16), client_);
        request.trace_id = view.trace_id;
        request.span_id = view.span_id;
        request.parent_id = view.parent_id;
        request.priority = view.priority;
        request.message = view.message;
        request.error = view.error;
        request.tags = kept(view.tags);
        for (const SpanView span : view.spans)
            spans_.push_back({span.name, span.resource, span.service, span.kind, span.start_us, span.duration_us,
                              span.error, kept(span.tags)});
        request.spans = spans_;
    }
    explicit ViewEvent(const MetricView& view) {
        metric.kind = view.kind;
        metric.name = view.name;
        metric.value = view.value;
        metric.tags = kept(view.tags);
    }
    ViewEvent(const ViewEvent&) = delete;
    ViewEvent& operator=(const ViewEvent&) = delete;

    RequestEvent request;
    MetricEvent metric;

  private:
    std::span<const Tag> kept(const TagList& tags) {
        auto& list = tags_.emplace_back();
        for (const Tag tag : tags) list.push_back(tag);
        return list;
    }

    std::array<char, ip_text_bytes> client_{};
    std::deque<std::vector<Tag>> tags_;
    std::vector<Span> spans_;
};

}  // namespace outrigger::fuzz
