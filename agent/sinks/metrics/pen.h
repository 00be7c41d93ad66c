// Writes text into memory that the caller has measured: no check, no allocation, for the millions of lines of a scrape.
// And numbers as both formats want them. Pure.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace outrigger::metrics {

inline constexpr std::size_t number_bytes = 32;  // no number written here is longer

class Pen {
  public:
    explicit Pen(char* at) : begin_(at), at_(at) {}

    Pen& text(std::string_view text) {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
        return *this;
    }
    Pen& number(std::uint64_t value) {
        at_ = std::to_chars(at_, at_ + number_bytes, value).ptr;
        return *this;
    }
    Pen& seconds(std::uint64_t microseconds);  // exact: 1.234567
    Pen& hex(std::string_view bytes);
    std::size_t written() const { return static_cast<std::size_t>(at_ - begin_); }

  private:
    char* begin_;
    char* at_;
};

// Lets `write(Pen&)` append at most `bytes` to `out`.
template <class Write>
void append_measured(std::string& out, std::size_t bytes, Write&& write) {
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + bytes, [&](char* begin, std::size_t) {
        Pen pen(begin + before);
        write(pen);
        return before + pen.written();
    });
}

void append_number(std::string& out, std::uint64_t value);
// The shortest text that reads back as the same value; whole numbers without a point; +Inf, -Inf, NaN.
void append_number(std::string& out, double value);
// The value of an `le` label: OpenMetrics wants 1.0 where the older format has 1.
std::string to_bound(double bound, bool openmetrics);

}  // namespace outrigger::metrics
