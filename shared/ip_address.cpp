#include "shared/ip_address.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace outrigger {
namespace {

constexpr std::array<std::uint8_t, 12> ipv4_prefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
constexpr std::size_t groups = 8;

bool parse_ipv4(std::string_view text, std::uint8_t* out) {
    const char* at = text.data();
    const char* const end = at + text.size();
    const auto digit = [&] { return at < end ? static_cast<unsigned>(*at) - '0' : 10U; };
    for (int part = 0; part < 4; ++part) {
        if (part > 0 && (at == end || *at++ != '.')) return false;
        unsigned value = digit();
        if (value > 9) return false;
        ++at;
        if (unsigned next = digit(); next <= 9) {
            if (value == 0) return false;
            value = value * 10 + next;
            ++at;
            if (next = digit(); next <= 9) {
                value = value * 10 + next;
                ++at;
                if (value > 255) return false;
            }
        }
        out[part] = static_cast<std::uint8_t>(value);
    }
    return at == end;
}

// One to four hex digits at the front of `text`: how many, and their value.
std::size_t parse_group(std::string_view text, unsigned& value) {
    const char* const begin = text.data();
    const char* const end = begin + std::min<std::size_t>(text.size(), 4);
    return static_cast<std::size_t>(std::from_chars(begin, end, value, 16).ptr - begin);
}

bool parse_ipv6(std::string_view text, IpAddress& out) {
    std::size_t count = 0;
    std::optional<std::size_t> gap;  // the group before which "::" stands
    if (text.starts_with("::")) {
        gap = 0;
        text.remove_prefix(2);
    }
    while (!text.empty()) {
        unsigned value = 0;
        const std::size_t digits = parse_group(text, value);
        if (digits == 0 || count == groups) return false;
        if (digits < text.size() && text[digits] == '.') {
            if (count > groups - 2 || !parse_ipv4(text, out.data() + 2 * count)) return false;
            count += 2;
            break;
        }
        out[2 * count] = static_cast<std::uint8_t>(value >> 8);
        out[2 * count + 1] = static_cast<std::uint8_t>(value);
        ++count;
        text.remove_prefix(digits);
        if (text.empty()) break;
        if (text.starts_with("::")) {
            if (gap) return false;
            gap = count;
            text.remove_prefix(2);
        } else if (text[0] == ':' && text.size() > 1) {
            text.remove_prefix(1);
        } else {
            return false;
        }
    }
    if (!gap) return count == groups;
    if (count == groups) return false;
    std::uint8_t* const tail = out.data() + 2 * *gap;
    std::uint8_t* const moved = std::copy_backward(tail, out.data() + 2 * count, out.data() + out.size());
    std::fill(tail, moved, 0);
    return true;
}

// The longest run of at least two zero groups, the first of equal ones: {first, count}.
struct Run {
    std::size_t first = 0;
    std::size_t count = 0;
};
Run longest_zeros(std::span<const std::uint8_t, 16> address) {
    Run best;
    Run run;
    for (std::size_t group = 0; group < groups; ++group) {
        const bool zero = address[2 * group] == 0 && address[2 * group + 1] == 0;
        run = zero ? Run{run.count == 0 ? group : run.first, run.count + 1} : Run{};
        if (run.count > best.count) best = run;
    }
    return best.count >= 2 ? best : Run{};
}

}  // namespace

bool parse_ip_address(std::string_view text, IpAddress& out) noexcept {
    std::copy(ipv4_prefix.begin(), ipv4_prefix.end(), out.begin());
    if (parse_ipv4(text, out.data() + ipv4_prefix.size())) return true;
    out = {};
    return parse_ipv6(text, out);
}

bool is_ipv4(std::span<const std::uint8_t, 16> address) noexcept {
    return std::equal(ipv4_prefix.begin(), ipv4_prefix.end(), address.begin());
}

std::string_view to_text(std::span<const std::uint8_t, 16> address, std::span<char, ip_text_bytes> buffer) noexcept {
    char* at = buffer.data();
    char* const end = at + buffer.size();
    if (is_ipv4(address)) {
        for (std::size_t part = 12; part < 16; ++part) {
            if (part > 12) *at++ = '.';
            at = std::to_chars(at, end, address[part]).ptr;
        }
        return {buffer.data(), at};
    }
    const Run zeros = longest_zeros(address);
    for (std::size_t group = 0; group < groups; ++group) {
        if (zeros.count > 0 && group == zeros.first) {
            *at++ = ':';
            *at++ = ':';
            group += zeros.count - 1;
            continue;
        }
        if (group > 0 && at[-1] != ':') *at++ = ':';
        at = std::to_chars(at, end, (unsigned{address[2 * group]} << 8) | address[2 * group + 1], 16).ptr;
    }
    return {buffer.data(), at};
}

}  // namespace outrigger
