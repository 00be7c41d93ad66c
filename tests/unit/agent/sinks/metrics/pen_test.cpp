#include "agent/sinks/metrics/pen.h"

#include <doctest/doctest.h>

#include <limits>

using namespace outrigger::metrics;

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
        std::string out = "x";
        append_measured(out, number_bytes, [&](Pen& pen) { pen.seconds(microseconds); });
        CHECK(out == "x" + std::string(text));
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
