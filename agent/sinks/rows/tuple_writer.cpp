#include "agent/sinks/rows/tuple_writer.h"

#include <algorithm>
#include <array>

namespace outrigger::rows {

namespace {

constexpr std::array<std::uint8_t, 12> ipv4_in_ipv6 = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t most_escaped = 6;  // \u00XX

}  // namespace

std::size_t TupleWriter::most_bytes(const TagList& tags) {
    std::size_t most = fixed_bytes;
    for (const Tag tag : tags) most += (tag.key.size() + tag.value.size()) * most_escaped + 6;
    return most;
}

// Family (2, or 3 for IPv6), prefix length, is cidr, address length, address.
void TupleWriter::inet(const std::uint8_t* address) {
    if (address == nullptr) return null();
    const bool ipv4 = std::equal(ipv4_in_ipv6.begin(), ipv4_in_ipv6.end(), address);
    const std::uint8_t length = ipv4 ? 4 : 16;
    const std::array<std::uint8_t, 4> head = {static_cast<std::uint8_t>(ipv4 ? 2 : 3),
                                              static_cast<std::uint8_t>(length * 8), 0, length};
    put(static_cast<std::int32_t>(head.size() + length));
    raw(head.data(), head.size());
    raw(address + (16 - length), length);
}

// Version 1, then JSON text.
void TupleWriter::jsonb(const TagList& tags) {
    if (tags.size() == 0) return null();
    char* const head = at_;
    put(std::int32_t{0});
    raw("\1", 1);
    const char* before = "{";
    for (const Tag tag : tags) {
        raw(before, 1);
        before = ",";
        json_string(tag.key);
        raw(":", 1);
        json_string(tag.value);
    }
    raw("}", 1);
    char* const end = at_;
    at_ = head;
    put(static_cast<std::int32_t>(end - head - 4));
    at_ = end;
}

void TupleWriter::json_string(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef";
    raw("\"", 1);
    for (const char byte : text) {
        const auto value = static_cast<unsigned char>(byte);
        if (value < 0x20) {
            const std::array<char, most_escaped> escaped = {
                '\\', 'u', '0', '0', digits[value >> 4], digits[value & 15]};
            raw(escaped.data(), escaped.size());
            continue;
        }
        if (byte == '"' || byte == '\\') raw("\\", 1);
        raw(&byte, 1);
    }
    raw("\"", 1);
}

}  // namespace outrigger::rows
