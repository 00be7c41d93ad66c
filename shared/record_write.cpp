// The first half of record.h: an event measured and written.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "shared/ip_address.h"
#include "shared/little_endian.h"
#include "shared/methods.h"
#include "shared/metric_names.h"
#include "shared/record.h"
#include "shared/record_layout.h"
#include "shared/utf8.h"

namespace outrigger {
namespace {

using layout::bit;
using layout::bit_if;

constexpr std::string_view unmatched = "unmatched";
constexpr TraceId no_trace{};

std::string_view route_of(const RequestEvent& event) { return event.route.empty() ? unmatched : event.route; }

std::uint32_t present_in(const RequestEvent& event, const Measured& measured) {
    return bit_if(event.start_us.has_value(), Present::start_us) |
           bit_if(event.trace_id != no_trace, Present::trace_id) | bit_if(event.span_id != 0, Present::span_id) |
           bit_if(event.parent_id != 0, Present::parent_id) |
           bit_if(event.request_bytes.has_value(), Present::request_bytes) |
           bit_if(event.response_bytes.has_value(), Present::response_bytes) |
           bit_if(measured.client, Present::client) | bit_if(!event.error.empty(), Present::error) |
           bit_if(measured.tags > 0, Present::tags) | bit_if(measured.spans > 0, Present::spans) |
           bit_if(event.priority.has_value(), Present::priority);
}

std::unexpected<Refused> out_of_range(std::string_view field, std::string_view accepted) {
    return std::unexpected(Refused{Refusal::out_of_range, field, accepted});
}

// Adds up what the texts of an event will take, and notes in `to` what had to be cut or mended.
class Ruler {
  public:
    explicit Ruler(Measured& to) : to_(to) { to_.plain = true; }

    std::size_t text(std::string_view text, std::size_t limit, CutField field) {
        if (text.size() <= limit && utf8::is_clean(text)) return text.size();
        to_.plain = false;
        to_.cut |= cut_bit(field);
        return utf8::mended_length(text, limit);
    }
    std::size_t error(const ErrorInfo& error, CutField type, CutField message, CutField stack) {
        return text(error.type, limits::error_type_bytes, type) +
               text(error.message, limits::error_message_bytes, message) +
               text(error.stack, limits::error_stack_bytes, stack);
    }
    std::size_t tags(std::span<const Tag> tags, CutField field) {
        if (tags.size() > limits::tags) to_.cut |= cut_bit(field);
        std::size_t length = 0;
        for (const Tag& tag : tags.first(std::min(tags.size(), limits::tags))) {
            length += layout::tag_head + text(tag.key, limits::tag_key_bytes, field) +
                      text(tag.value, limits::tag_value_bytes, field);
        }
        return length;
    }
    std::size_t span(const Span& span) {
        constexpr CutField field = CutField::spans;
        return layout::span_head + text(span.name, limits::span_text_bytes, field) +
               text(span.resource, limits::span_text_bytes, field) +
               text(span.service, limits::span_text_bytes, field) + text(span.kind, limits::span_text_bytes, field) +
               error(span.error, field, field, field) + tags(span.tags, field);
    }

  private:
    Measured& to_;
};

// As many of the first spans as fit behind `length` bytes; returns the new length.
std::size_t measure_spans(std::span<const Span> spans, std::size_t length, Ruler& ruler, Measured& measured) {
    std::size_t kept = 0;
    ++length;  // their count
    for (const Span& span : spans.first(std::min(spans.size(), limits::spans))) {
        const std::size_t longer = length + ruler.span(span);
        if (longer > limits::record_bytes) break;
        length = longer;
        ++kept;
    }
    measured.spans = static_cast<std::uint8_t>(kept);
    if (kept < spans.size()) measured.cut |= cut_bit(CutField::spans);
    return kept == 0 ? length - 1 : length;
}

std::expected<void, Refused> check_ranges(const RequestEvent& event) {
    if (event.status < 100 || event.status > 599) return out_of_range("status", "100 to 599");
    if (event.duration_us < 0) return out_of_range("duration_us", "0 or more");
    if (event.request_bytes.value_or(0) < 0) return out_of_range("request_bytes", "0 or more");
    if (event.response_bytes.value_or(0) < 0) return out_of_range("response_bytes", "0 or more");
    const int priority = event.priority.value_or(0);
    if (priority < -1 || priority > 2) return out_of_range("priority", "-1 to 2");
    for (const Span& span : event.spans) {
        if (span.duration_us < 0) return out_of_range("spans.duration_us", "0 or more");
    }
    return {};
}

// Puts texts, tags and spans one behind the other; `plain` as measured.
class Pen {
  public:
    Pen(std::byte* at, bool plain) : at_(at), plain_(plain) {}

    // Writes the text here and its length into `slot`.
    void text(std::string_view text, std::size_t limit, std::byte* slot) {
        std::size_t length = text.size();
        if (!plain_) {
            length = utf8::mend(text, limit, reinterpret_cast<char*>(at_));
        } else if (length > 0) {
            std::memcpy(at_, text.data(), length);
        }
        store(slot, static_cast<std::uint16_t>(length));
        at_ += length;
    }
    void error(const ErrorInfo& error, std::byte* slots) {
        text(error.type, limits::error_type_bytes, slots);
        text(error.message, limits::error_message_bytes, slots + 2);
        text(error.stack, limits::error_stack_bytes, slots + 4);
    }
    void tags(std::span<const Tag> tags) {
        for (const Tag& tag : tags) {
            std::byte* const head = at_;
            at_ += layout::tag_head;
            text(tag.key, limits::tag_key_bytes, head);
            text(tag.value, limits::tag_value_bytes, head + 2);
        }
    }
    void span(const Span& span) {
        std::byte* const head = at_;
        at_ += layout::span_head;
        store(head, span.start_us);
        store(head + 8, span.duration_us);
        text(span.name, limits::span_text_bytes, head + 16);
        text(span.resource, limits::span_text_bytes, head + 18);
        text(span.service, limits::span_text_bytes, head + 20);
        text(span.kind, limits::span_text_bytes, head + 22);
        error(span.error, head + 24);
        const auto kept = span.tags.first(std::min(span.tags.size(), limits::tags));
        head[layout::span_tags] = static_cast<std::byte>(kept.size());
        tags(kept);
    }

  private:
    std::byte* at_;
    bool plain_;
};

template <std::integral T>
std::byte* put(std::byte* at, T value) {
    store(at, value);
    return at + sizeof(T);
}

std::byte* put(std::byte* at, const std::array<std::uint8_t, 16>& bytes) {
    std::memcpy(at, bytes.data(), bytes.size());
    return at + bytes.size();
}

void put_head(std::byte* out, const Measured& measured, RecordKind kind) {
    store(out + layout::length, measured.length);
    out[layout::kind] = static_cast<std::byte>(kind);
    out[layout::version_at] = std::byte{layout::version};
}

}  // namespace

std::expected<Measured, Refused> measure(const RequestEvent& event) noexcept {
    if (const auto ranges = check_ranges(event); !ranges) return std::unexpected(ranges.error());
    Measured measured;
    measured.method = to_method(event.method);
    if (!event.client.empty()) {
        const auto address = to_ip_address(event.client);
        measured.client = address.has_value();
        if (address) measured.client_address = *address;
        if (!address) measured.cut |= cut_bit(CutField::client);
    }
    Ruler ruler(measured);
    std::size_t length = layout::request_head + ruler.text(route_of(event), limits::route_bytes, CutField::route) +
                         ruler.text(event.path, limits::path_bytes, CutField::path) +
                         ruler.text(event.message, limits::message_bytes, CutField::message);
    if (!event.error.empty()) {
        length += ruler.error(event.error, CutField::error_type, CutField::error_message, CutField::error_stack);
    }
    if (!event.tags.empty()) {
        measured.tags = static_cast<std::uint8_t>(std::min(event.tags.size(), limits::tags));
        length += ruler.tags(event.tags, CutField::tags);
    }
    length += layout::optional_bytes[present_in(event, measured)];
    if (!event.spans.empty()) length = measure_spans(event.spans, length, ruler, measured);
    measured.length = static_cast<std::uint32_t>(length);
    return measured;
}

void write(const RequestEvent& event, const Measured& measured, std::byte* out) noexcept {
    const std::uint32_t present = present_in(event, measured);
    put_head(out, measured, RecordKind::request);
    store(out + layout::status, static_cast<std::uint16_t>(event.status));
    store(out + layout::present, present);
    store(out + layout::cut, measured.cut);
    store(out + layout::duration, event.duration_us);
    out[layout::method] = std::byte{measured.method};
    store(out + layout::priority, event.priority.value_or(0));

    std::byte* at = out + layout::request_head;
    if (event.start_us) at = put(at, *event.start_us);
    if ((present & bit(Present::trace_id)) != 0) at = put(at, event.trace_id);
    if (event.span_id != 0) at = put(at, event.span_id);
    if (event.parent_id != 0) at = put(at, event.parent_id);
    if (event.request_bytes) at = put(at, *event.request_bytes);
    if (event.response_bytes) at = put(at, *event.response_bytes);
    if (measured.client) at = put(at, measured.client_address);
    std::byte* const error_lengths = at;
    if ((present & bit(Present::error)) != 0) at += 6;
    if (measured.tags > 0) *at++ = std::byte{measured.tags};
    if (measured.spans > 0) *at++ = std::byte{measured.spans};

    Pen pen(at, measured.plain);
    pen.text(route_of(event), limits::route_bytes, out + layout::route);
    pen.text(event.path, limits::path_bytes, out + layout::path);
    pen.text(event.message, limits::message_bytes, out + layout::message);
    if ((present & bit(Present::error)) != 0) pen.error(event.error, error_lengths);
    pen.tags(event.tags.first(measured.tags));
    for (const Span& span : event.spans.first(measured.spans)) pen.span(span);
}

std::expected<Measured, Refused> measure(const MetricEvent& event) noexcept {
    if (const auto checked = check_metric(event.kind, event.name, event.value); !checked) {
        return std::unexpected(checked.error());
    }
    Measured measured;
    Ruler ruler(measured);
    measured.tags = static_cast<std::uint8_t>(std::min(event.tags.size(), limits::tags));
    for (const Tag& tag : event.tags.first(measured.tags)) {
        if (is_reserved_label(tag.key)) return std::unexpected(reserved_label());
    }
    const std::size_t length = layout::metric_head + event.name.size() + ruler.tags(event.tags, CutField::tags);
    measured.length = static_cast<std::uint32_t>(length);
    return measured;
}

void write(const MetricEvent& event, const Measured& measured, std::byte* out) noexcept {
    put_head(out, measured, RecordKind::metric);
    out[layout::metric_kind] = static_cast<std::byte>(event.kind);
    out[layout::metric_tags] = std::byte{measured.tags};
    store(out + layout::metric_cut, measured.cut);
    store(out + layout::metric_zero, std::uint16_t{0});
    store(out + layout::metric_value, std::bit_cast<std::uint64_t>(event.value));
    Pen pen(out + layout::metric_head, measured.plain);
    pen.text(event.name, limits::metric_name_bytes, out + layout::metric_name);
    pen.tags(event.tags.first(measured.tags));
}

}  // namespace outrigger
