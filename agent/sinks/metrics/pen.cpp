#include "agent/sinks/metrics/pen.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace outrigger::metrics {
namespace {

char* write(char* at, std::uint64_t value) {
    if (value < 10) {  // most numbers of most pages
        *at = static_cast<char>('0' + value);
        return at + 1;
    }
    return std::to_chars(at, at + number_bytes, value).ptr;
}

char* write(char* at, std::string_view text) { return std::ranges::copy(text, at).out; }

char* write(char* at, double value) {
    if (std::isnan(value)) return write(at, "NaN");
    if (std::isinf(value)) return write(at, value > 0 ? "+Inf" : "-Inf");
    const bool is_whole = std::floor(value) == value && std::abs(value) < 0x1p53;
    return is_whole ? std::to_chars(at, at + number_bytes, static_cast<std::int64_t>(value)).ptr
                    : std::to_chars(at, at + number_bytes, value).ptr;
}

char* write_seconds(char* at, std::uint64_t microseconds) {
    constexpr std::uint64_t in_a_second = 1'000'000;
    at = write(at, microseconds / in_a_second);
    std::uint64_t rest = microseconds % in_a_second;
    if (rest == 0) return at;
    *at++ = '.';
    for (std::uint64_t digit = in_a_second / 10; rest != 0; digit /= 10) {
        *at++ = static_cast<char>('0' + rest / digit);
        rest %= digit;
    }
    return at;
}

// Measured by writing it where nobody reads it.
template <class Write>
std::size_t length_of(Write&& write_to) {
    std::array<char, number_bytes> text;
    return static_cast<std::size_t>(write_to(text.data()) - text.data());
}

}  // namespace

ShortText::ShortText(std::string_view from) : size(std::min(from.size(), most)) {
    std::ranges::copy(from.substr(0, size), text.begin());
}

ShortText::ShortText(std::uint64_t value) : size(static_cast<std::size_t>(write(text.data(), value) - text.data())) {}

Pen& Pen::number(std::uint64_t value) {
    at_ = write(at_, value);
    return *this;
}

Pen& Pen::number(double value) {
    at_ = write(at_, value);
    return *this;
}

Pen& Pen::seconds(std::uint64_t microseconds) {
    at_ = write_seconds(at_, microseconds);
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

Ruler& Ruler::number(std::uint64_t value) {
    return add(length_of([&](char* at) { return write(at, value); }));
}

Ruler& Ruler::number(double value) {
    return add(length_of([&](char* at) { return write(at, value); }));
}

Ruler& Ruler::seconds(std::uint64_t microseconds) {
    return add(length_of([&](char* at) { return write_seconds(at, microseconds); }));
}

void append_number(std::string& out, std::uint64_t value) {
    std::array<char, number_bytes> text;
    out.append(text.data(), write(text.data(), value));
}

void append_number(std::string& out, double value) {
    std::array<char, number_bytes> text;
    out.append(text.data(), write(text.data(), value));
}

std::string to_bound(double bound, bool openmetrics) {
    std::string out;
    append_number(out, bound);
    if (openmetrics && out.find_first_not_of("-0123456789") == std::string::npos) out += ".0";
    return out;
}

std::vector<ShortText> to_bucket_ends(const std::vector<double>& bounds, bool openmetrics) {
    std::vector<ShortText> out;
    for (const double bound : bounds) out.emplace_back(",le=\"" + to_bound(bound, openmetrics) + "\"} ");
    out.emplace_back(std::string_view(",le=\"+Inf\"} "));
    return out;
}

}  // namespace outrigger::metrics
