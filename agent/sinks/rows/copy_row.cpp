#include "agent/sinks/rows/copy_row.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "shared/methods.h"

namespace outrigger::rows {

namespace {

constexpr std::int64_t us_1970_to_2000 = 946'684'800'000'000;
constexpr std::int16_t column_count = 20;
constexpr std::array<std::uint8_t, 12> ipv4_in_ipv6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

void put(std::vector<char>& out, const void* bytes, std::size_t length) {
    const auto* from = static_cast<const char*>(bytes);
    out.insert(out.end(), from, from + length);
}

template <class Integer>
std::array<char, sizeof(Integer)> to_network(Integer value) {
    std::array<char, sizeof(Integer)> bytes;
    std::memcpy(bytes.data(), &value, sizeof(Integer));
    if constexpr (std::endian::native == std::endian::little) std::ranges::reverse(bytes);
    return bytes;
}

template <class Integer>
void put_integer(std::vector<char>& out, Integer value) {
    const auto bytes = to_network(value);
    put(out, bytes.data(), bytes.size());
}

void put_null(std::vector<char>& out) { put_integer<std::int32_t>(out, -1); }

template <class Integer>
void put_field(std::vector<char>& out, Integer value) {
    put_integer<std::int32_t>(out, sizeof(Integer));
    put_integer(out, value);
}

void put_text(std::vector<char>& out, std::string_view text) {
    put_integer(out, static_cast<std::int32_t>(text.size()));
    put(out, text.data(), text.size());
}

void put_text_or_null(std::vector<char>& out, std::string_view text) {
    if (text.empty())
        put_null(out);
    else
        put_text(out, text);
}

// inet: family (2 or 3 for IPv6), prefix length, is cidr, address length, address.
void put_inet(std::vector<char>& out, const std::uint8_t* address) {
    if (address == nullptr) return put_null(out);
    const bool ipv4 = std::equal(ipv4_in_ipv6.begin(), ipv4_in_ipv6.end(), address);
    const std::uint8_t length = ipv4 ? 4 : 16;
    const std::array<std::uint8_t, 4> head = {static_cast<std::uint8_t>(ipv4 ? 2 : 3),
                                              static_cast<std::uint8_t>(length * 8), 0, length};
    put_integer(out, static_cast<std::int32_t>(head.size() + length));
    put(out, head.data(), head.size());
    put(out, address + (16 - length), length);
}

void put_json_string(std::vector<char>& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    out.push_back('"');
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if (byte == '"' || byte == '\\') {
            out.push_back('\\');
            out.push_back(byte);
        } else if (value < 0x20) {
            put(out, "\\u00", 4);
            out.push_back(digits[value >> 4]);
            out.push_back(digits[value & 15]);
        } else {
            out.push_back(byte);
        }
    }
    out.push_back('"');
}

// jsonb: version 1, then JSON text.
void put_tags(std::vector<char>& out, const TagList& tags) {
    if (tags.size() == 0) return put_null(out);
    const std::size_t at = out.size();
    put_integer<std::int32_t>(out, 0);
    out.push_back(1);
    char before = '{';
    for (const Tag tag : tags) {
        out.push_back(before);
        before = ',';
        put_json_string(out, tag.key);
        out.push_back(':');
        put_json_string(out, tag.value);
    }
    out.push_back('}');
    const auto length = to_network(static_cast<std::int32_t>(out.size() - at - 4));
    std::ranges::copy(length, out.begin() + static_cast<std::ptrdiff_t>(at));
}

void put_optional(std::vector<char>& out, const std::optional<std::int64_t>& value) {
    if (value)
        put_field(out, *value);
    else
        put_null(out);
}

std::string_view first_of(std::string_view own, std::string_view fallback) { return own.empty() ? fallback : own; }

}  // namespace

std::optional<std::int64_t> append_row(std::vector<char>& out, const journal::Entry& entry, const RowContext& context) {
    const auto view = RequestView::parse(entry.payload);
    if (!view) return std::nullopt;
    static const Identity nobody;
    const Identity& who = entry.identity == nullptr ? nobody : *entry.identity;
    put_integer(out, column_count);
    const std::int64_t start_us = start_of(entry.envelope, *view);
    put_field<std::int64_t>(out, start_us - us_1970_to_2000);
    put_inet(out, view->client);
    put_text(out, view->path);
    put_field(out, static_cast<std::int16_t>(view->status));
    put_text_or_null(out, view->message);
    put_text(out, first_of(who.service, context.service));
    put_text(out, first_of(who.env, context.env));
    put_text(out, first_of(who.version, context.version));
    put_text_or_null(out, who.host);
    put_text(out, method_name(view->method_index));
    put_text(out, view->route);
    put_field<std::int64_t>(out, view->duration_us);
    put_optional(out, view->request_bytes);
    put_optional(out, view->response_bytes);
    if (view->trace_id == TraceId{}) {
        put_null(out);
    } else {
        put_integer(out, static_cast<std::int32_t>(view->trace_id.size()));
        put(out, view->trace_id.data(), view->trace_id.size());
    }
    if (view->span_id == 0)
        put_null(out);
    else
        put_field(out, static_cast<std::int64_t>(view->span_id));
    put_text_or_null(out, view->error.type);
    put_tags(out, view->tags);
    put_field(out, context.agent);
    put_field(out, static_cast<std::int64_t>(entry.position));
    return start_us;
}

}  // namespace outrigger::rows
