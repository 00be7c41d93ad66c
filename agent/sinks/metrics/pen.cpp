#include "agent/sinks/metrics/pen.h"

#include <array>
#include <cmath>

namespace outrigger::metrics {

Pen& Pen::seconds(std::uint64_t microseconds) {
    constexpr std::uint64_t in_a_second = 1'000'000;
    number(microseconds / in_a_second);
    std::uint64_t rest = microseconds % in_a_second;
    if (rest == 0) return *this;
    *at_++ = '.';
    for (std::uint64_t digit = in_a_second / 10; rest != 0; digit /= 10) {
        *at_++ = static_cast<char>('0' + rest / digit);
        rest %= digit;
    }
    return *this;
}

Pen& Pen::hex(std::string_view bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        *at_++ = digits[byte >> 4];
        *at_++ = digits[byte & 15];
    }
    return *this;
}

void append_number(std::string& out, std::uint64_t value) {
    std::array<char, number_bytes> text;
    out.append(text.data(), std::to_chars(text.data(), text.data() + text.size(), value).ptr);
}

void append_number(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
    } else {
        std::array<char, number_bytes> text;
        const bool is_whole = std::floor(value) == value && std::abs(value) < 0x1p53;
        const auto end = is_whole
                             ? std::to_chars(text.data(), text.data() + text.size(), static_cast<std::int64_t>(value))
                             : std::to_chars(text.data(), text.data() + text.size(), value);
        out.append(text.data(), end.ptr);
    }
}

std::string to_bound(double bound, bool openmetrics) {
    std::string out;
    append_number(out, bound);
    if (openmetrics && out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
    return out;
}

}  // namespace outrigger::metrics
