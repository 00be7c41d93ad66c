#include "agent/fold/buckets.h"

#include <doctest/doctest.h>

using outrigger::fold::Buckets;

TEST_CASE("a duration falls into the first bucket whose bound is not below it") {
    const Buckets buckets({.005, .01, .1, 1, 2.5});
    struct Row {
        std::uint64_t duration_us;
        std::size_t bucket;
    };
    constexpr Row rows[] = {{0, 0},         {4'999, 0},     {5'000, 0},     {5'001, 1},     {10'000, 1},
                            {99'999, 2},    {100'000, 2},   {100'001, 3},   {1'000'000, 3}, {1'000'001, 4},
                            {2'500'000, 4}, {2'500'001, 5}, {UINT64_MAX, 5}};
    for (const auto& [duration_us, bucket] : rows) {
        CAPTURE(duration_us);
        CHECK(buckets.of_microseconds(duration_us) == bucket);
    }
    CHECK(buckets.size() == 6);
}

TEST_CASE("bounds that are no whole microsecond hold only what is not above them") {
    const Buckets buckets({.0000015, .3});
    CHECK(buckets.of_microseconds(1) == 0);
    CHECK(buckets.of_microseconds(2) == 1);
    CHECK(buckets.of_microseconds(300'000) == 1);  // .3 * 1e6 is no exact 300,000
}

TEST_CASE("values of the app's own are compared with the bounds as they are") {
    const Buckets buckets({.1, 5});
    CHECK(buckets.of_value(-3) == 0);
    CHECK(buckets.of_value(.1) == 0);
    CHECK(buckets.of_value(.11) == 1);
    CHECK(buckets.of_value(5) == 1);
    CHECK(buckets.of_value(5.1) == 2);
}
