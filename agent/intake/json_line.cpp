#include "agent/intake/json_line.h"

#include <simdjson.h>

#include <array>
#include <cstring>
#include <optional>

#include "agent/intake/json_fields.h"
#include "agent/intake/plain_line.h"

namespace outrigger::intake {

using simdjson::dom::element;
using simdjson::dom::object;

class JsonLineParser::Parts {
  public:
    Parts() : buffer_(limits::line_bytes + simdjson::SIMDJSON_PADDING) {}

    const JsonLine& parse(std::string_view text) {
        if (const auto plain = read_plain_line(text, tags_)) {
            line_.what = JsonLine::What::request;
            line_.request = *plain;
            return line_;
        }
        return parse_any(text);
    }

    const JsonLine& parse_any(std::string_view text) {
        std::memcpy(buffer_.data(), text.data(), text.size());
        std::memset(buffer_.data() + text.size(), 0, simdjson::SIMDJSON_PADDING);
        line_.what = JsonLine::What::refused;
        element document;
        if (const auto error = parser_.parse(buffer_.data(), text.size(), false).get(document)) {
            line_.refused = {Refusal::malformed, "line", simdjson::error_message(error)};
            return line_;
        }
        object fields;
        if (document.get(fields)) {
            line_.refused = {Refusal::wrong_type, "line", "a JSON object"};
            return line_;
        }
        try {
            line_.what = read(fields);
        } catch (const Refused& refused) {
            line_.refused = refused;
        }
        return line_;
    }

  private:
    JsonLine::What read(object fields) {
        std::string_view type = "request";
        for (const auto [key, value] : fields)
            if (key == "type" && !value.is_null()) type = json::text(value, "type");
        if (type == "request") return read_request(fields);
        if (type == "metric") return read_metric(fields);
        if (type == "hello") return read_hello(fields);
        if (type == "dropped") return read_dropped(fields);
        if (type == "bye") return JsonLine::What::bye;
        throw Refused{Refusal::out_of_range, "type", "hello, request, metric, dropped or bye"};
    }

    JsonLine::What read_request(object fields);
    JsonLine::What read_metric(object fields);
    JsonLine::What read_hello(object fields);
    JsonLine::What read_dropped(object fields);
    std::span<const Span> read_spans(const element& value);

    std::vector<char> buffer_;
    simdjson::dom::parser parser_;
    JsonLine line_;
    // One more than is kept, so that measure() sees that something was cut.
    std::array<Tag, limits::tags + 1> tags_;
    std::array<Span, limits::spans + 1> spans_;
    std::array<std::array<Tag, limits::tags + 1>, limits::spans + 1> span_tags_;
};

JsonLine::What JsonLineParser::Parts::read_request(object fields) {
    RequestEvent event;
    std::optional<std::int64_t> status;
    std::optional<std::int64_t> duration;
    for (const auto [key, value] : fields) {
        if (value.is_null()) continue;
        if (key == "method")
            event.method = json::text(value, "method");
        else if (key == "route")
            event.route = json::text(value, "route");
        else if (key == "path")
            event.path = json::text(value, "path");
        else if (key == "status")
            status = json::integer(value, "status");
        else if (key == "duration_us")
            duration = json::integer(value, "duration_us");
        else if (key == "start_us")
            event.start_us = json::integer(value, "start_us");
        else if (key == "message")
            event.message = json::text(value, "message");
        else if (key == "client")
            event.client = json::text(value, "client");
        else if (key == "request_bytes")
            event.request_bytes = json::integer(value, "request_bytes");
        else if (key == "response_bytes")
            event.response_bytes = json::integer(value, "response_bytes");
        else if (key == "trace_id")
            event.trace_id = json::trace_id(value);
        else if (key == "span_id")
            event.span_id = json::span_id(value, "span_id");
        else if (key == "parent_id")
            event.parent_id = json::span_id(value, "parent_id");
        else if (key == "priority")
            event.priority = json::priority(value);
        else if (key == "error")
            event.error = json::error(value, "error");
        else if (key == "tags")
            event.tags = json::tags(value, tags_);
        else if (key == "spans")
            event.spans = read_spans(value);
    }
    if (!status) throw Refused{Refusal::missing_field, "status", "an integer from 100 to 599"};
    if (!duration) throw Refused{Refusal::missing_field, "duration_us", "an integer >= 0"};
    if (*status < 100 || *status > 599) throw Refused{Refusal::out_of_range, "status", "an integer from 100 to 599"};
    event.status = static_cast<int>(*status);
    event.duration_us = *duration;
    line_.request = event;
    return JsonLine::What::request;
}

std::span<const Span> JsonLineParser::Parts::read_spans(const element& value) {
    simdjson::dom::array list;
    if (value.get(list)) throw Refused{Refusal::wrong_type, "spans", "an array of objects"};
    std::size_t count = 0;
    for (const element item : list) {
        if (count == spans_.size()) break;
        object fields;
        if (item.get(fields)) throw Refused{Refusal::wrong_type, "spans", "an array of objects"};
        Span& span = spans_[count] = {};
        for (const auto [key, part] : fields) {
            if (part.is_null()) continue;
            if (key == "name")
                span.name = json::text(part, "spans.name");
            else if (key == "resource")
                span.resource = json::text(part, "spans.resource");
            else if (key == "service")
                span.service = json::text(part, "spans.service");
            else if (key == "kind")
                span.kind = json::text(part, "spans.kind");
            else if (key == "start_us")
                span.start_us = json::integer(part, "spans.start_us");
            else if (key == "duration_us")
                span.duration_us = json::integer(part, "spans.duration_us");
            else if (key == "error")
                span.error = json::error(part, "spans.error");
            else if (key == "tags")
                span.tags = json::tags(part, span_tags_[count]);
        }
        ++count;
    }
    return {spans_.data(), count};
}

JsonLine::What JsonLineParser::Parts::read_metric(object fields) {
    MetricEvent event;
    std::string_view kind;
    std::optional<double> number;
    for (const auto [key, value] : fields) {
        if (value.is_null()) continue;
        if (key == "kind")
            kind = json::text(value, "kind");
        else if (key == "name")
            event.name = json::text(value, "name");
        else if (key == "value")
            number = json::number(value, "value");
        else if (key == "tags")
            event.tags = json::tags(value, tags_);
    }
    if (kind.empty()) throw Refused{Refusal::missing_field, "kind", "count, gauge or histogram"};
    if (event.name.empty()) throw Refused{Refusal::missing_field, "name", "[a-zA-Z_][a-zA-Z0-9_]*"};
    if (!number) throw Refused{Refusal::missing_field, "value", "a finite number"};
    if (kind == "count")
        event.kind = MetricKind::count;
    else if (kind == "gauge")
        event.kind = MetricKind::gauge;
    else if (kind == "histogram")
        event.kind = MetricKind::histogram;
    else
        throw Refused{Refusal::out_of_range, "kind", "count, gauge or histogram"};
    event.value = *number;
    line_.metric = event;
    return JsonLine::What::metric;
}

// Any line that parses as hello is one, however wrong: its refusal is bad_hello whatever the field.
JsonLine::What JsonLineParser::Parts::read_hello(object fields) try {
    Hello hello;
    std::int64_t protocol = 0;
    std::int64_t first = 1;
    bool has_emitter = false;
    for (const auto [key, value] : fields) {
        if (value.is_null()) continue;
        if (key == "protocol")
            protocol = json::integer(value, "protocol");
        else if (key == "first")
            first = json::integer(value, "first");
        else if (key == "emitter") {
            hello.identity.emitter = json::emitter_id(value);
            has_emitter = true;
        } else if (key == "pid")
            hello.identity.pid = static_cast<std::uint32_t>(json::integer(value, "pid"));
        else if (key == "service")
            hello.identity.service = json::identity_text(value, "service");
        else if (key == "env")
            hello.identity.env = json::identity_text(value, "env");
        else if (key == "version")
            hello.identity.version = json::identity_text(value, "version");
        else if (key == "host")
            hello.identity.host = json::identity_text(value, "host");
        else if (key == "language")
            hello.identity.language = json::identity_text(value, "language");
    }
    if (protocol != 1) throw Refused{Refusal::bad_hello, "protocol", "1"};
    if (!has_emitter) throw Refused{Refusal::bad_hello, "emitter", "32 hex digits, not all zero"};
    if (first < 1) throw Refused{Refusal::bad_hello, "first", "a number from 1 to 2^62"};
    hello.first = static_cast<std::uint64_t>(first);
    line_.hello = std::move(hello);
    return JsonLine::What::hello;
} catch (const Refused& refused) {
    throw Refused{Refusal::bad_hello, refused.field, refused.accepted};
}

JsonLine::What JsonLineParser::Parts::read_dropped(object fields) {
    std::optional<DropReason> reason;
    std::optional<std::int64_t> total;
    for (const auto [key, value] : fields) {
        if (value.is_null()) continue;
        if (key == "reason") {
            reason = to_drop_reason(json::text(value, "reason"));
            if (!reason)
                throw Refused{Refusal::out_of_range, "reason",
                              "ring_full, not_started, no_ring, too_long, invalid, queue_full, timeout or other"};
        } else if (key == "total") {
            total = json::integer(value, "total");
        }
    }
    if (!reason) throw Refused{Refusal::missing_field, "reason", "why events were dropped"};
    if (!total) throw Refused{Refusal::missing_field, "total", "how many in all, an integer from 0 to 2^62"};
    if (*total < 0 || static_cast<std::uint64_t>(*total) > limits::last_number)
        throw Refused{Refusal::out_of_range, "total", "an integer from 0 to 2^62"};
    line_.dropped = {*reason, static_cast<std::uint64_t>(*total)};
    return JsonLine::What::dropped;
}

JsonLineParser::JsonLineParser() : parts_(std::make_unique<Parts>()) {}
JsonLineParser::~JsonLineParser() = default;
const JsonLine& JsonLineParser::parse(std::string_view line) { return parts_->parse(line); }
const JsonLine& JsonLineParser::parse_any(std::string_view line) { return parts_->parse_any(line); }

}  // namespace outrigger::intake
