// The second pass of record.h: a measured event as bytes.
#include <algorithm>
#include <bit>
#include <cstring>

#include "shared/little_endian.h"
#include "shared/record.h"
#include "shared/record_layout.h"
#include "shared/utf8.h"

namespace outrigger {
namespace {

using layout::bit;

// A copy of a short text, without a call: each branch copies its two ends, which may overlap.
void copy_text(std::byte* out, std::string_view text) {
    const char* const from = text.data();
    const std::size_t size = text.size();
    const auto both_ends = [&]<std::size_t N>() {
        std::array<std::array<std::byte, N>, 2> ends;
        std::memcpy(ends[0].data(), from, N);
        std::memcpy(ends[1].data(), from + size - N, N);
        std::memcpy(out, ends[0].data(), N);
        std::memcpy(out + size - N, ends[1].data(), N);
    };
    if (size > 32) {
        std::memcpy(out, from, size);
    } else if (size >= 16) {
        both_ends.operator()<16>();
    } else if (size >= 8) {
        both_ends.operator()<8>();
    } else if (size >= 4) {
        both_ends.operator()<4>();
    } else {
        for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(from[i]);
    }
}

// Puts texts, tags and spans one behind the other; `plain` as measured.
class Pen {
  public:
    Pen(std::byte* at, bool plain) : at_(at), plain_(plain) {}

    // Writes the text here and its length into `slot`.
    void text(std::string_view text, std::size_t limit, std::byte* slot) {
        std::size_t length = text.size();
        if (plain_) {
            copy_text(at_, text);
        } else {
            length = utf8::mend(text, limit, reinterpret_cast<char*>(at_));
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

void write(const RequestEvent& event, const Measured& measured, std::byte* out) noexcept {
    const std::uint32_t present = measured.present;
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
    pen.text(layout::route_of(event), limits::route_bytes, out + layout::route);
    pen.text(event.path, limits::path_bytes, out + layout::path);
    pen.text(event.message, limits::message_bytes, out + layout::message);
    if ((present & bit(Present::error)) != 0) pen.error(event.error, error_lengths);
    pen.tags(event.tags.first(measured.tags));
    for (const Span& span : event.spans.first(measured.spans)) pen.span(span);
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
