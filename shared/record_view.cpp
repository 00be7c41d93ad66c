// The decoding of record.h: a record checked, then read in place.
#include <bit>
#include <cstring>

#include "shared/little_endian.h"
#include "shared/methods.h"
#include "shared/metric_names.h"
#include "shared/record.h"
#include "shared/record_layout.h"
#include "shared/utf8.h"

namespace outrigger {
namespace {

using layout::bit;

constexpr std::uint32_t all_cut = (std::uint32_t{1} << static_cast<unsigned>(CutField::count_)) - 1;

// Notes why a record is refused; returns false, so that a check can end with it.
bool refuse(Refused& why, Refusal reason, std::string_view field, std::string_view accepted) {
    why = {reason, field, accepted};
    return false;
}
bool malformed(Refused& why, std::string_view field, std::string_view accepted) {
    return refuse(why, Refusal::malformed, field, accepted);
}
bool out_of_range(Refused& why, std::string_view field, std::string_view accepted) {
    return refuse(why, Refusal::out_of_range, field, accepted);
}

std::string_view text_at(const std::byte* at, std::size_t length) {
    return {reinterpret_cast<const char*>(at), length};
}

std::size_t number16(const std::byte* at) { return load<std::uint16_t>(at); }

// Walks what lies behind a record's head: nothing is looked at before it is known to be there.
class Walk {
  public:
    Walk(const std::byte* at, const std::byte* end) : at_(at), end_(end) {}

    const std::byte* at() const { return at_; }
    bool at_end() const { return at_ == end_; }

    // Texts that follow each other; the first loop takes each length from its slot.
    template <std::size_t N>
    bool texts(const std::byte* slots, const std::array<std::size_t, N>& greatest) {
        std::size_t all = 0;
        for (std::size_t i = 0; i < N; ++i) {
            const std::size_t length = number16(slots + 2 * i);
            if (length > greatest[i]) return false;
            all += length;
        }
        if (all > left()) return false;
        if (!utf8::is_ascii(text_at(at_, all))) {
            const std::byte* text = at_;
            for (std::size_t i = 0; i < N; ++i) {
                const std::size_t length = number16(slots + 2 * i);
                if (!utf8::is_clean(text_at(text, length))) return false;
                text += length;
            }
        }
        at_ += all;
        return true;
    }

    bool tags(std::size_t count) {
        if (count > limits::tags) return false;
        for (; count > 0; --count) {
            const std::byte* const head = take(layout::tag_head);
            if (head == nullptr || !texts<2>(head, {limits::tag_key_bytes, limits::tag_value_bytes})) return false;
        }
        return true;
    }

    bool spans(std::size_t count) {
        if (count > limits::spans) return false;
        for (; count > 0; --count) {
            const std::byte* const head = take(layout::span_head);
            if (head == nullptr || load<std::int64_t>(head + 8) < 0) return false;
            if (!texts<layout::span_texts>(head + 16, span_text_limits)) return false;
            if (!tags(std::to_integer<std::size_t>(head[layout::span_tags]))) return false;
        }
        return true;
    }

  private:
    static constexpr std::array<std::size_t, layout::span_texts> span_text_limits = {
        limits::span_text_bytes,  limits::span_text_bytes,     limits::span_text_bytes,  limits::span_text_bytes,
        limits::error_type_bytes, limits::error_message_bytes, limits::error_stack_bytes};

    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    const std::byte* take(std::size_t bytes) {
        if (bytes > left()) return nullptr;
        const std::byte* const from = at_;
        at_ += bytes;
        return from;
    }

    const std::byte* at_;
    const std::byte* end_;
};

bool check_head(Bytes record, std::size_t head, RecordKind kind, Refused& why) {
    if (record.size() > limits::record_bytes) return refuse(why, Refusal::too_long, "length", "at most 65536");
    if (record.size() < head) return malformed(why, "length", "a whole head");
    if (record_length(record.data()) != record.size()) return malformed(why, "length", "that of the record");
    if (record[layout::kind] != static_cast<std::byte>(kind)) return malformed(why, "kind", "1 request, 2 metric");
    if (record[layout::version_at] != std::byte{layout::version}) return malformed(why, "version", "1");
    return true;
}

template <std::integral T>
T take(const std::byte*& at) {
    const T value = load<T>(at);
    at += sizeof(T);
    return value;
}

const std::byte* text(const std::byte* at, std::size_t length, std::string_view& out) {
    out = text_at(at, length);
    return at + length;
}

const std::byte* after_tags(const std::byte* at, std::size_t count) {
    for (; count > 0; --count) at += layout::tag_head + number16(at) + number16(at + 2);
    return at;
}

SpanView span_at(const std::byte* head) {
    SpanView view;
    view.start_us = load<std::int64_t>(head);
    view.duration_us = load<std::int64_t>(head + 8);
    const std::byte* slot = head + 16;
    const std::byte* at = head + layout::span_head;
    for (std::string_view* to : {&view.name, &view.resource, &view.service, &view.kind, &view.error.type,
                                 &view.error.message, &view.error.stack}) {
        at = text(at, take<std::uint16_t>(slot), *to);
    }
    view.tags = TagList(at, std::to_integer<std::size_t>(head[layout::span_tags]));
    return view;
}

bool read(Bytes record, RequestView& view, Refused& why) {
    if (!check_head(record, layout::request_head, RecordKind::request, why)) return false;
    const std::byte* const base = record.data();
    const auto present = load<std::uint32_t>(base + layout::present);
    if (present > layout::all_present) return malformed(why, "present", "known bits");
    const std::size_t text_from = layout::request_head + layout::optional_bytes[present];
    if (record.size() < text_from) return malformed(why, "length", "what is present");
    const auto has = [present](Present field) { return (present & bit(field)) != 0; };

    view.status = load<std::uint16_t>(base + layout::status);
    if (view.status < 100 || view.status > 599) return out_of_range(why, "status", "100 to 599");
    view.cut = load<std::uint32_t>(base + layout::cut);
    if (view.cut > all_cut) return malformed(why, "cut", "known bits");
    view.duration_us = load<std::int64_t>(base + layout::duration);
    if (view.duration_us < 0) return out_of_range(why, "duration_us", "0 or more");
    view.method_index = std::to_integer<std::uint8_t>(base[layout::method]);
    if (view.method_index >= method_count) return out_of_range(why, "method", "a known index");
    view.method = method_name(view.method_index);
    const auto priority = load<std::int8_t>(base + layout::priority);
    if (priority < -1 || priority > 2) return out_of_range(why, "priority", "-1 to 2");
    if (has(Present::priority)) view.priority = priority;

    const std::byte* at = base + layout::request_head;
    if (has(Present::start_us)) view.start_us = take<std::int64_t>(at);
    if (has(Present::trace_id)) {
        std::memcpy(view.trace_id.data(), at, view.trace_id.size());
        at += view.trace_id.size();
    }
    if (has(Present::span_id)) view.span_id = take<std::uint64_t>(at);
    if (has(Present::parent_id)) view.parent_id = take<std::uint64_t>(at);
    if (has(Present::request_bytes)) view.request_bytes = take<std::int64_t>(at);
    if (has(Present::response_bytes)) view.response_bytes = take<std::int64_t>(at);
    if (view.request_bytes.value_or(0) < 0) return out_of_range(why, "request_bytes", "0 or more");
    if (view.response_bytes.value_or(0) < 0) return out_of_range(why, "response_bytes", "0 or more");
    if (has(Present::client)) {
        view.client = reinterpret_cast<const std::uint8_t*>(at);
        at += 16;
    }
    const std::byte* error_lengths = at;
    if (has(Present::error)) at += 6;
    const std::size_t tag_count = has(Present::tags) ? take<std::uint8_t>(at) : 0;
    const std::size_t span_count = has(Present::spans) ? take<std::uint8_t>(at) : 0;

    Walk walk(at, base + record.size());
    const std::byte* lengths = base + layout::route;
    if (!walk.texts<3>(lengths, {limits::route_bytes, limits::path_bytes, limits::message_bytes})) {
        return malformed(why, "text", "UTF-8 within its limits");
    }
    at = text(at, take<std::uint16_t>(lengths), view.route);
    at = text(at, take<std::uint16_t>(lengths), view.path);
    text(at, take<std::uint16_t>(lengths), view.message);
    if (view.route.empty()) return refuse(why, Refusal::missing_field, "route", "a template or unmatched");
    if (has(Present::error)) {
        at = walk.at();
        if (!walk.texts<3>(error_lengths,
                           {limits::error_type_bytes, limits::error_message_bytes, limits::error_stack_bytes})) {
            return malformed(why, "error", "UTF-8 within its limits");
        }
        at = text(at, take<std::uint16_t>(error_lengths), view.error.type);
        at = text(at, take<std::uint16_t>(error_lengths), view.error.message);
        text(at, take<std::uint16_t>(error_lengths), view.error.stack);
    }
    view.tags = TagList(walk.at(), tag_count);
    if (tag_count > 0 && !walk.tags(tag_count)) {
        return malformed(why, "tags", "at most 32, each UTF-8 within its limits");
    }
    view.spans = SpanList(walk.at(), span_count);
    if (span_count > 0 && !walk.spans(span_count)) return malformed(why, "spans", "at most 64, each within its limits");
    if (!walk.at_end()) return malformed(why, "length", "nothing behind the last field");
    return true;
}

bool read(Bytes record, MetricView& view, Refused& why) {
    if (!check_head(record, layout::metric_head, RecordKind::metric, why)) return false;
    const std::byte* const base = record.data();
    view.kind = static_cast<MetricKind>(base[layout::metric_kind]);
    view.cut = load<std::uint32_t>(base + layout::metric_cut);
    if (view.cut > all_cut) return malformed(why, "cut", "known bits");
    if (number16(base + layout::metric_zero) != 0) return malformed(why, "reserved", "0");
    view.value = std::bit_cast<double>(load<std::uint64_t>(base + layout::metric_value));

    const std::byte* const name = base + layout::metric_head;
    Walk walk(name, base + record.size());
    if (!walk.texts<1>(base + layout::metric_name, {limits::metric_name_bytes})) {
        return malformed(why, "name", "at most 256 bytes");
    }
    view.name = text_at(name, number16(base + layout::metric_name));
    if (const auto checked = check_metric(view.kind, view.name, view.value); !checked) {
        why = checked.error();
        return false;
    }
    const auto tag_count = std::to_integer<std::size_t>(base[layout::metric_tags]);
    view.tags = TagList(walk.at(), tag_count);
    if (!walk.tags(tag_count)) return malformed(why, "tags", "at most 32, each UTF-8 within its limits");
    if (!walk.at_end()) return malformed(why, "length", "nothing behind the last field");
    for (const Tag tag : view.tags) {
        if (is_reserved_label(tag.key)) {
            why = reserved_label();
            return false;
        }
    }
    return true;
}

// Fills the view in its place: a view is too large to be copied for each record.
template <typename View>
std::expected<View, Refused> parsed(Bytes record) {
    std::expected<View, Refused> result;
    Refused why;
    if (!read(record, *result, why)) result = std::unexpected(why);
    return result;
}

}  // namespace

Tag TagList::Iterator::operator*() const {
    Tag tag;
    text(text(at_ + layout::tag_head, number16(at_), tag.key), number16(at_ + 2), tag.value);
    return tag;
}

TagList::Iterator& TagList::Iterator::operator++() {
    at_ = after_tags(at_, 1);
    --left_;
    return *this;
}

SpanView SpanList::Iterator::operator*() const { return span_at(at_); }

SpanList::Iterator& SpanList::Iterator::operator++() {
    const std::size_t tags = std::to_integer<std::size_t>(at_[layout::span_tags]);
    std::size_t texts = 0;
    for (std::size_t i = 0; i < layout::span_texts; ++i) texts += number16(at_ + 16 + 2 * i);
    at_ = after_tags(at_ + layout::span_head + texts, tags);
    --left_;
    return *this;
}

std::expected<RequestView, Refused> RequestView::parse(Bytes record) noexcept { return parsed<RequestView>(record); }
std::expected<MetricView, Refused> MetricView::parse(Bytes record) noexcept { return parsed<MetricView>(record); }

}  // namespace outrigger
