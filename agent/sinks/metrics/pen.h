// Writes text into memory that is known to be large enough: no check, no allocation, for the millions of lines of a
// scrape. A Ruler takes the same strokes and only measures, so that a page's size is known before it is written. And
// numbers as both formats want them. Pure.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::metrics {

inline constexpr std::size_t number_bytes = 32;  // no number written here is longer

// A text of at most 32 bytes, copied whole, which is quicker than copying what it holds.
struct ShortText {
    static constexpr std::size_t most = 32;
    std::array<char, most> text{};
    std::size_t size = 0;

    ShortText() = default;
    explicit ShortText(std::string_view from);  // cut beyond `most`
    explicit ShortText(std::uint64_t value);
};

class Pen {
  public:
    // Up to so much behind what it wrote may be overwritten.
    static constexpr std::size_t slack = ShortText::most;

    explicit Pen(char* at) : begin_(at), at_(at) {}

    Pen& text(std::string_view text) {
        at_ = std::copy(text.begin(), text.end(), at_);  // an empty one may come from nowhere
        return *this;
    }
    Pen& text(const ShortText& text) {
        std::memcpy(at_, text.text.data(), text.text.size());
        at_ += text.size;
        return *this;
    }
    Pen& character(char character) {
        *at_++ = character;
        return *this;
    }
    // Once more the `bytes` that begin at `from`, of those written().
    Pen& again(std::size_t from, std::size_t bytes) { return text(std::string_view(begin_ + from, bytes)); }
    Pen& number(std::uint64_t value);
    Pen& number(double value);
    Pen& seconds(std::uint64_t microseconds);  // exact: 1.234567
    Pen& hex(std::string_view bytes);
    std::size_t written() const { return static_cast<std::size_t>(at_ - begin_); }

  private:
    char* begin_;
    char* at_;
};

class Ruler {
  public:
    Ruler& text(std::string_view text) { return add(text.size()); }
    Ruler& text(const ShortText& text) { return add(text.size); }
    Ruler& character(char) { return add(1); }
    Ruler& again(std::size_t, std::size_t bytes) { return add(bytes); }
    Ruler& number(std::uint64_t value);
    Ruler& number(double value);
    Ruler& seconds(std::uint64_t microseconds);
    Ruler& hex(std::string_view bytes) { return add(2 * bytes.size()); }
    std::size_t written() const { return written_; }

  private:
    Ruler& add(std::size_t bytes) {
        written_ += bytes;
        return *this;
    }
    std::size_t written_ = 0;
};

void append_number(std::string& out, std::uint64_t value);
// The shortest text that reads back as the same value; whole numbers without a point; +Inf, -Inf, NaN.
void append_number(std::string& out, double value);
// The value of an `le` label: OpenMetrics wants 1.0 where the older format has 1.
std::string to_bound(double bound, bool openmetrics);
// ,le="0.005"} of each bound, +Inf included: what stands between a bucket's labels and its number.
std::vector<ShortText> to_bucket_ends(const std::vector<double>& bounds, bool openmetrics);

}  // namespace outrigger::metrics
