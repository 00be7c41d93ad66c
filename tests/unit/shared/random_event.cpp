#include "tests/unit/shared/random_event.h"

#include "shared/limits.h"

namespace outrigger::test {

std::string_view RandomEvents::text(std::size_t limit) {
    if (one_in(3)) return {};
    const std::size_t around = one_in(4) ? limit : below(40);
    const std::size_t size = around - std::min(around, below(4)) + below(8);
    std::string& text = texts_.emplace_back();
    const auto style = below(4);
    while (text.size() < size) {
        if (style == 0 || (style == 1 && !one_in(30))) {
            text += static_cast<char>('!' + below(90));
        } else if (style == 2) {
            text += pick({"é", "…", "漢", "🍏", "a", " route"});
        } else {
            text += static_cast<char>(below(256));
        }
    }
    return text;
}

ErrorInfo RandomEvents::error() {
    if (one_in(2)) return {};
    return {text(limits::error_type_bytes), text(limits::error_message_bytes), text(limits::error_stack_bytes)};
}

std::span<const Tag> RandomEvents::tags(bool for_metric) {
    if (one_in(2)) return {};
    std::vector<Tag>& tags = tags_.emplace_back(one_in(4) ? limits::tags - 2 + below(5) : below(4));
    for (Tag& tag : tags) {
        tag = {text(limits::tag_key_bytes), text(limits::tag_value_bytes)};
        if (for_metric && tag.key.starts_with("__")) tag.key = "k";
    }
    return tags;
}

Span RandomEvents::span() {
    Span span;
    span.name = text(limits::span_text_bytes);
    span.resource = text(limits::span_text_bytes);
    span.service = text(limits::span_text_bytes);
    span.kind = text(limits::span_text_bytes);
    span.start_us = static_cast<std::int64_t>(number());
    span.duration_us = static_cast<std::int64_t>(number() >> 1);
    span.error = error();
    span.tags = tags(false);
    return span;
}

RequestEvent RandomEvents::request() {
    texts_.clear();
    tags_.clear();
    spans_.clear();
    const auto maybe = [this](std::uint64_t value) {
        return one_in(2) ? std::optional<std::int64_t>() : static_cast<std::int64_t>(value);
    };
    RequestEvent event;
    event.method = pick({"GET", "POST", "UPDATEREDIRECTREF", "get", "", "\xFF"});
    event.route = text(limits::route_bytes);
    event.path = text(limits::path_bytes);
    event.status = static_cast<int>(100 + below(500));
    event.duration_us = static_cast<std::int64_t>(number() >> 1);
    event.start_us = maybe(number());
    event.request_bytes = maybe(number() >> 1);
    event.response_bytes = maybe(number() >> 1);
    event.client = pick({"", "192.0.2.1", "2001:db8::1", "localhost", "::ffff:9.8.7.6"});
    if (one_in(2)) event.trace_id[below(16)] = static_cast<std::uint8_t>(number());
    event.span_id = one_in(2) ? 0 : number();
    event.parent_id = one_in(2) ? 0 : number();
    if (one_in(2)) event.priority = static_cast<std::int8_t>(static_cast<int>(below(4)) - 1);
    event.message = text(limits::message_bytes);
    event.error = error();
    event.tags = tags(false);
    spans_.resize(one_in(3) ? (one_in(8) ? limits::spans - 2 + below(5) : below(4)) : 0);
    for (Span& each : spans_) each = span();
    event.spans = spans_;
    return event;
}

MetricEvent RandomEvents::metric() {
    texts_.clear();
    tags_.clear();
    MetricEvent event;
    event.kind = static_cast<MetricKind>(1 + below(3));
    event.name = pick({"a", "orders_placed", "_9"});
    event.value = static_cast<double>(number()) / 7;
    event.tags = tags(true);
    return event;
}

}  // namespace outrigger::test
