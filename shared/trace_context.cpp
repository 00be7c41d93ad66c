#include "shared/trace_context.h"

#include <algorithm>
#include <charconv>

#include "shared/text.h"
#include "shared/trace_ids.h"

namespace outrigger {

namespace {

struct DatadogContext {
    std::uint64_t trace_id_low;
    std::uint64_t trace_id_high;  // 0: not told
    std::uint64_t parent_id;
    std::optional<std::int8_t> priority;
    std::string_view origin;
    std::string_view tags;
};

struct Traceparent {
    TraceId trace_id;
    std::uint64_t parent_id;
    bool sampled;
};

template <typename Number>
std::optional<Number> to_number(std::string_view text) {
    Number number = 0;
    const auto [stopped, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || stopped != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::int8_t> to_priority(std::string_view text) {
    const auto number = to_number<int>(text);
    if (!number) return std::nullopt;
    return static_cast<std::int8_t>(std::clamp(*number, -1, 2));
}

// What goes on to the next service must not break its headers, wherever it came from.
bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// `k=v,k2=v2`, not too long. Text that is no such list tells nothing at all.
bool is_tag_list(std::string_view tags) {
    if (tags.size() > max_datadog_tags_bytes || !is_printable(tags)) return false;
    while (!tags.empty()) {
        if (take_until(tags, ',').find('=') == tags.npos) return false;
    }
    return true;
}

// The upper half of the trace id, _dd.p.tid.
std::uint64_t high_half_of_tags(std::string_view tags) {
    std::uint64_t high = 0;
    while (!tags.empty()) {
        std::string_view value = take_until(tags, ',');
        if (trim(take_until(value, '=')) == "_dd.p.tid") high = parse_hex_id(trim(value), HexCase::lower).value_or(0);
    }
    return high;
}

std::optional<DatadogContext> parse_datadog(const TraceHeaders& headers) {
    const auto trace_id = to_number<std::uint64_t>(trim(headers.datadog_trace_id));
    if (!trace_id || *trace_id == 0) return std::nullopt;
    // A trace that a browser or a synthetic test began has an origin and may have no parent.
    const bool root = headers.datadog_parent_id.empty() && !headers.datadog_origin.empty();
    const auto parent_id = root ? 0 : to_number<std::uint64_t>(trim(headers.datadog_parent_id));
    if (!parent_id) return std::nullopt;
    const std::string_view tags = is_tag_list(headers.datadog_tags) ? headers.datadog_tags : std::string_view();
    std::string_view origin = trim(headers.datadog_origin);
    if (origin.size() > max_datadog_origin_bytes || !is_printable(origin)) origin = {};
    return DatadogContext{*trace_id,  high_half_of_tags(tags),
                          *parent_id, to_priority(trim(headers.datadog_sampling_priority)),
                          origin,     tags};
}

// version-traceid-parentid-flags; of later versions the first 55 characters are read as of version 00.
std::optional<Traceparent> parse_traceparent(std::string_view text) {
    constexpr std::size_t length = 55;
    if (text.size() < length || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
    const auto two_digits = [](std::string_view digits) -> std::optional<unsigned> {
        constexpr std::string_view all = "0123456789abcdef";
        const auto high = all.find(digits[0]), low = all.find(digits[1]);
        if (high == all.npos || low == all.npos) return std::nullopt;
        return static_cast<unsigned>(high << 4 | low);
    };
    const auto version = two_digits(text.substr(0, 2));
    if (!version || *version == 0xff) return std::nullopt;
    if (text.size() > length && (*version == 0 || text[length] != '-')) return std::nullopt;
    const auto trace_id = parse_hex_trace_id(text.substr(3, 32), HexCase::lower);
    const auto parent_id = parse_hex_id(text.substr(36, 16), HexCase::lower);
    const auto flags = two_digits(text.substr(53, 2));
    if (!trace_id || *trace_id == TraceId{} || !parent_id || *parent_id == 0 || !flags) return std::nullopt;
    return Traceparent{*trace_id, *parent_id, (*flags & 1) != 0};
}

bool is_tracestate_key(std::string_view key) {
    const auto lower_or_digit = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
    const auto allowed = [&](char c) { return lower_or_digit(c) || std::string_view("_-*/@").find(c) != key.npos; };
    return !key.empty() && key.size() <= 256 && lower_or_digit(key.front()) && std::ranges::all_of(key, allowed);
}

bool is_tracestate_value(std::string_view key, std::string_view value) {
    const auto allowed = [](char c) { return c >= 0x20 && c <= 0x7e && c != ',' && c != '='; };
    // Datadog's tracers accept a longer member of their own; one beyond even that is passed over, not an error.
    return !value.empty() && (value.size() <= max_tracestate_value_bytes || key == "dd") &&
           std::ranges::all_of(value, allowed);
}

struct Tracestate {
    std::string_view text;     // empty: absent or damaged
    std::string_view datadog;  // the value of the member dd, empty when there is none
};

Tracestate parse_tracestate(std::string_view text) {
    if (text.size() > max_tracestate_bytes) return {};
    Tracestate state{text, {}};
    std::size_t members = 0;
    while (!text.empty()) {
        std::string_view value = trim(take_until(text, ','));
        if (value.empty()) continue;
        const std::string_view key = take_until(value, '=');
        if (++members > max_tracestate_members || !is_tracestate_key(key) || !is_tracestate_value(key, value))
            return {};
        if (key == "dd" && value.size() <= max_datadog_tags_bytes) state.datadog = value;
    }
    return state;
}

TraceContext to_context(const Traceparent& parent, const Tracestate& state) {
    TraceContext context{
        parent.trace_id, parent.parent_id, static_cast<std::int8_t>(parent.sampled), 0, state.text, {}, {}};
    for (std::string_view entries = state.datadog; !entries.empty();) {
        std::string_view value = take_until(entries, ';');
        const std::string_view key = take_until(value, ':');
        if (key == "p") context.last_datadog_span = parse_hex_id(value, HexCase::lower).value_or(0);
        if (key != "s") continue;
        // The flag is newer: someone between may have changed it who knows nothing of the member.
        const auto priority = to_priority(value);
        if (priority && (*priority > 0) == parent.sampled) context.priority = priority;
    }
    return context;
}

bool same_trace(const DatadogContext& datadog, const TraceContext& w3c) {
    return datadog.trace_id_low == low_half(w3c.trace_id) &&
           (datadog.trace_id_high == 0 || datadog.trace_id_high == high_half(w3c.trace_id));
}

TraceContext merge(const DatadogContext& datadog, const std::optional<TraceContext>& w3c) {
    TraceContext context{to_trace_id(datadog.trace_id_high, datadog.trace_id_low),
                         datadog.parent_id,
                         datadog.priority,
                         std::nullopt,
                         {},
                         datadog.origin,
                         datadog.tags};
    if (!w3c || !same_trace(datadog, *w3c)) return context;
    context.trace_id = w3c->trace_id;
    context.tracestate = w3c->tracestate;
    if (datadog.parent_id == w3c->parent_id) return context;
    // Between the Datadog tracer upstream and us lies a span that only W3C headers know of.
    context.parent_id = w3c->parent_id;
    context.last_datadog_span = w3c->last_datadog_span.value_or(0) != 0 ? w3c->last_datadog_span : datadog.parent_id;
    return context;
}

}  // namespace

std::optional<TraceContext> extract_trace_context(const TraceHeaders& headers) {
    std::optional<TraceContext> w3c;
    if (headers.traceparent_count == 1)
        if (const auto parent = parse_traceparent(trim(headers.traceparent)))
            w3c = to_context(*parent, parse_tracestate(trim(headers.tracestate)));
    const auto datadog = parse_datadog(headers);
    return datadog ? merge(*datadog, w3c) : w3c;
}

std::array<char, 55> to_traceparent(const TraceId& trace_id, std::uint64_t span_id, bool sampled) {
    std::array<char, 55> text;
    char* out = text.data();
    const auto put = [&out](const auto& part) { out = std::copy(std::begin(part), std::end(part), out); };
    put(std::string_view("00-"));
    put(to_hex(trace_id));
    put(std::string_view("-"));
    put(to_hex(span_id));
    put(std::string_view(sampled ? "-01" : "-00"));
    return text;
}

}  // namespace outrigger
