#include "agent/sinks/statsd/number_text.h"

#include <array>
#include <charconv>
#include <cmath>

namespace outrigger::statsd {
namespace {

using Text = std::array<char, 64>;

template <class... Form>
void append_chars(std::string& out, Form... form) {
    Text text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), form...);
    out.append(text.data(), end.ptr);
}

}  // namespace

void append_whole(std::string& out, std::uint64_t value) { append_chars(out, value); }

void append_decimal(std::string& out, double value) {
    const double size = std::abs(value);
    const bool plain = size == 0 || (size >= 1e-12 && size < 1e21);
    append_chars(out, value + 0.0, plain ? std::chars_format::fixed : std::chars_format::scientific);  // never -0
}

void append_rounded(std::string& out, double value) {
    Text text;
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific, 4);
    double rounded = 0;
    std::from_chars(text.data(), end.ptr, rounded);
    append_decimal(out, rounded);
}

void append_rate(std::string& out, std::uint64_t n) {
    if (n <= 1) return;
    out += "|@";
    append_decimal(out, std::nextafter(1 / static_cast<double>(n), 0));
}

}  // namespace outrigger::statsd
