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
}

TEST_CASE("values that nobody measures count in the outermost bucket, so that a histogram stays small") {
    FineHistogram histogram;
    for (int exponent = -1074; exponent < 1024; ++exponent) histogram.add(std::ldexp(1, exponent));
    CHECK(histogram.octaves() <= 101);
    CHECK(histogram.buckets().front().first == least_fine_index);
    CHECK(histogram.buckets().back().first == greatest_fine_index);
    std::uint64_t sum = 0;
    for (const auto& [index, count] : histogram.buckets()) sum += count;
    CHECK(sum == 2098);
    CHECK(histogram.buckets()[1] == FineHistogram::Bucket{least_fine_index + fine_in_octave, 1});
}

TEST_CASE("when the budget is spent a value counts in the nearest octave there is, and that is told; none is lost") {
    FineBudget budget(2 * FineHistogram::octave_bytes);
    FineHistogram first;
    first.add(1.5, 1, &budget);  // the first one is free
    first.add(1'000, 1, &budget);
    first.add(1'000'000, 1, &budget);
    CHECK(budget.coarse() == 0);
    first.add(3, 5, &budget);
    first.add(300'000, 7, &budget);
    first.add(1'001, 2, &budget);
    CHECK(budget.coarse() == 12);
    CHECK(first.octaves() == 3);
    using Bucket = FineHistogram::Bucket;
    CHECK(first.buckets() == std::vector<Bucket>{{fine_index(1.5), 1},
                                                 {31, 5},
                                                 {fine_index(1'000), 3},
                                                 {19 * fine_in_octave, 7},
                                                 {fine_index(1'000'000), 1}});
    FineHistogram second;
    second.add(42, 1, &budget);
    CHECK(second.buckets() == std::vector<Bucket>{{fine_index(42), 1}});
}

TEST_CASE("a bucket counts as far as anybody can") {
    FineHistogram histogram;
    for (int n = 0; n < 200'000; ++n) histogram.add(5);
    histogram.add(5, 1'000'000'000'000);
    histogram.add(7, 65'536);
    using Bucket = FineHistogram::Bucket;
    CHECK(histogram.buckets() == std::vector<Bucket>{{fine_index(5), 1'000'000'200'000}, {fine_index(7), 65'536}});
}
