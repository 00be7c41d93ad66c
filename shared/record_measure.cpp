// The first pass of record.h: an event normalised on paper.
#include <algorithm>
#include <cstring>

#include "shared/ip_address.h"
#include "shared/methods.h"
#include "shared/metric_names.h"
#include "shared/record.h"
#include "shared/record_layout.h"
#include "shared/utf8.h"

namespace outrigger {
namespace {

using layout::bit_if;

bool is_set(const TraceId& id) {
    std::array<std::uint64_t, 2> halves;
    std::memcpy(halves.data(), id.data(), id.size());
    return (halves[0] | halves[1]) != 0;
}

// All but the spans: how many of those fit is known last.
std::uint32_t present_in(const RequestEvent& event, const Measured& measured) {
    return bit_if(event.start_us.has_value(), Present::start_us) | bit_if(is_set(event.trace_id), Present::trace_id) |
           bit_if(event.span_id != 0, Present::span_id) | bit_if(event.parent_id != 0, Present::parent_id) |
           bit_if(event.request_bytes.has_value(), Present::request_bytes) |
           bit_if(event.response_bytes.has_value(), Present::response_bytes) |
           bit_if(measured.client, Present::client) | bit_if(!event.error.empty(), Present::error) |
           bit_if(measured.tags > 0, Present::tags) | bit_if(event.priority.has_value(), Present::priority);
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
    measured.present |= bit_if(kept > 0, Present::spans);
    if (kept < spans.size()) measured.cut |= cut_bit(CutField::spans);
    return kept == 0 ? length - 1 : length;
}

// The first number that is out of its range; a Refused without a field when all are within.
Refused find_out_of_range(const RequestEvent& event) {
    const auto out_of_range = [](std::string_view field, std::string_view accepted) {
        return Refused{Refusal::out_of_range, field, accepted};
    };
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

}  // namespace

std::expected<Measured, Refused> measure(const RequestEvent& event) noexcept {
    std::expected<Measured, Refused> result;
    Measured& measured = *result;
    if (const Refused wrong = find_out_of_range(event); !wrong.field.empty()) {
        result = std::unexpected(wrong);
        return result;
    }
    measured.method = to_method(event.method);
    if (!event.client.empty()) {
        measured.client = parse_ip_address(event.client, measured.client_address);
        if (!measured.client) measured.cut |= cut_bit(CutField::client);
    }
    Ruler ruler(measured);
    std::size_t length = layout::request_head +
                         ruler.text(layout::route_of(event), limits::route_bytes, CutField::route) +
                         ruler.text(event.path, limits::path_bytes, CutField::path) +
                         ruler.text(event.message, limits::message_bytes, CutField::message);
    if (!event.error.empty()) {
        length += ruler.error(event.error, CutField::error_type, CutField::error_message, CutField::error_stack);
    }
    if (!event.tags.empty()) {
        measured.tags = static_cast<std::uint8_t>(std::min(event.tags.size(), limits::tags));
        length += ruler.tags(event.tags, CutField::tags);
    }
    measured.present = present_in(event, measured);
    length += layout::optional_bytes[measured.present];
    if (!event.spans.empty()) length = measure_spans(event.spans, length, ruler, measured);
    measured.length = static_cast<std::uint32_t>(length);
    return result;
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

}  // namespace outrigger
