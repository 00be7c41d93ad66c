#include "agent/fold/fine_buckets.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <random>

using namespace outrigger::fold;

TEST_CASE("the value of a fine bucket is within 1.1 % of whatever fell into it") {
    double worst = 0;
    for (double value = 1e-7; value < 1e7; value *= 1.0007) {
        worst = std::max(worst, std::abs(fine_value(fine_index(value)) - value) / value);
    }
    CHECK(worst <= 0.011);
    CHECK(worst > 0.010);  // the buckets are as wide as they may be
}

TEST_CASE("a bound belongs to the bucket below it, and the next value to the next") {
    CHECK(fine_index(1) == 0);
    CHECK(fine_index(std::nextafter(1.0, 2.0)) == 1);
    CHECK(fine_index(2) == 32);
    CHECK(fine_index(0.5) == -32);
    CHECK(fine_index(std::exp2(5.0 / 32)) == 5);
}

TEST_CASE("each value lies between the bounds of its bucket, however small or great") {
    std::mt19937_64 random(1);
    for (int n = 0; n < 200'000; ++n) {
        const double value =
            std::ldexp(1 + static_cast<double>(random() >> 11) * 0x1p-53, static_cast<int>(random() % 2098) - 1074);
        if (!std::isfinite(value) || value == 0) continue;
        const long double octaves = std::log2(static_cast<long double>(value)) * fine_in_octave;
        const std::int32_t index = fine_index(value);
        REQUIRE(octaves <= index + 1e-9L);
        REQUIRE(octaves > index - 1 - 1e-9L);
    }
    CHECK(fine_index(std::numeric_limits<double>::denorm_min()) == -1074 * fine_in_octave);
    CHECK(fine_index(std::numeric_limits<double>::max()) == 1024 * fine_in_octave);
}

TEST_CASE("a fine histogram keeps the buckets that are not empty, by index, and zeros apart") {
    FineHistogram histogram;
    histogram.add(2, 3);
    histogram.add(1);
    histogram.add(2);
    histogram.add(0, 2);
    histogram.add(-1);
    CHECK(histogram.zeros() == 3);
    CHECK(histogram.buckets() == std::vector<FineHistogram::Bucket>{{0, 1}, {32, 4}});
    histogram.add(1e-300);
    histogram.add(1e300);
    CHECK(histogram.buckets().size() == 4);
    CHECK(histogram.buckets().front() == FineHistogram::Bucket{fine_index(1e-300), 1});
    CHECK(histogram.buckets().back() == FineHistogram::Bucket{fine_index(1e300), 1});
}
