#include "agent/sinks/metrics/pen.h"

#include <doctest/doctest.h>

#include <limits>

using namespace outrigger::metrics;

namespace {

// What a Pen writes, which is as long as a Ruler measures.
std::string written(const auto& strokes) {
    std::string out(256, '?');
    Pen pen(out.data());
    strokes(pen);
    Ruler ruler;
    strokes(ruler);
    CHECK(ruler.written() == pen.written());
    out.resize(pen.written());
    return out;
}

}  // namespace

TEST_CASE("strokes are measured as they are written") {
    CHECK(written([](auto& stylus) { stylus.text("a").text(ShortText("bc")).character('d').again(1, 3); }) ==
          "abcdbcd");
    CHECK(written([](auto& stylus) { stylus.hex(std::string_view("\x00\xfe", 2)); }) == "00fe");
    for (const std::uint64_t number : {0UL, 9UL, 10UL, 99UL, 100UL, 12'345UL, UINT64_MAX}) {
        CHECK(written([&](auto& stylus) { stylus.number(number); }) == std::to_string(number));
        CHECK(written([&](auto& stylus) { stylus.text(ShortText(number)); }) == std::to_string(number));
    }
    CHECK(written([](auto& stylus) { stylus.number(-1.7976931348623157e308); }) == "-1.7976931348623157e+308");
}

TEST_CASE("a bucket's bound is never longer than a short text") {
    const std::vector<double> longest = {2.2250738585072014e-308, 1.7976931348623157e308};
    for (const auto& end : to_bucket_ends(longest, true))
        CHECK(std::string_view(end.text.data(), end.size).ends_with("\"} "));
}

TEST_CASE("microseconds are written as seconds, exactly") {
    struct Row {
        std::uint64_t microseconds;
        std::string_view text;
    };
    constexpr Row rows[] = {{0, "0"},
                            {1, "0.000001"},
                            {100'000, "0.1"},
                            {1'000'000, "1"},
                            {1'234'567, "1.234567"},
                            {12'030'000, "12.03"},
                            {UINT64_MAX, "18446744073709.551615"}};
    for (const auto& [microseconds, text] : rows) {
        CHECK(written([&](auto& stylus) { stylus.character('x').seconds(microseconds); }) == "x" + std::string(text));
    }
}

TEST_CASE("numbers are the shortest text that reads back, and the three that are none are spelt as agreed") {
    struct Row {
        double value;
        std::string_view text;
    };
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr Row rows[] = {{0, "0"},
                            {1, "1"},
                            {-2.5, "-2.5"},
                            {.1, "0.1"},
                            {1e15, "1000000000000000"},
                            {1e300, "1e+300"},
                            {infinity, "+Inf"},
                            {-infinity, "-Inf"},
                            {std::numeric_limits<double>::quiet_NaN(), "NaN"}};
    for (const auto& [value, text] : rows) {
        std::string out;
        append_number(out, value);
        CHECK(out == text);
    }
}

TEST_CASE("OpenMetrics writes whole bounds with a point") {
    CHECK(to_bound(1, false) == "1");
    CHECK(to_bound(1, true) == "1.0");
    CHECK(to_bound(.005, true) == "0.005");
    CHECK(to_bound(1e300, true) == "1e+300");
    CHECK(to_bound(std::numeric_limits<double>::infinity(), true) == "+Inf");
}
