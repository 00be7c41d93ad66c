#include "agent/sampling/slow_routes.h"

#include <doctest/doctest.h>

#include <random>

namespace outrigger::sampling {
namespace {

constexpr std::int64_t window = SlowRoutes::window_us;

TEST_CASE("slow is what is slower than the slowest hundredth of its route ten seconds ago") {
    SlowRoutes routes;
    // Of a thousand, nine took 800 us and one 2000: the slowest hundredth begins at 800.
    for (int i = 0; i < 990; ++i) CHECK_FALSE(routes.see(1, 100, 5));
    for (int i = 0; i < 9; ++i) CHECK_FALSE(routes.see(1, 800, 5));
    CHECK_FALSE(routes.see(1, 2000, 5));
    CHECK_FALSE(routes.see(1, 100, window));
    CHECK_FALSE(routes.see(1, 103, window));
    CHECK(routes.see(1, 120, window));
    CHECK(routes.see(1, 800, window));
    CHECK(routes.see(1, 5'000'000'000, window));
    CHECK_FALSE(routes.see(2, 5'000'000'000, window));  // a route without a past
}

TEST_CASE("with eleven slow ones in a thousand, those are the usual") {
    SlowRoutes routes;
    for (int i = 0; i < 989; ++i) routes.see(1, 100, 5);
    for (int i = 0; i < 11; ++i) routes.see(1, 800, 5);
    CHECK_FALSE(routes.see(1, 800, window));
    CHECK(routes.see(1, 900, window));
}

TEST_CASE("never more than a hundredth of the same load is slow") {
    SlowRoutes routes;
    std::mt19937_64 random(1);
    std::lognormal_distribution<double> duration(8, 1.5);
    int slow = 0;
    constexpr int each = 20'000;
    for (int round = 0; round < 4; ++round)
        for (int i = 0; i < each; ++i)
            slow += routes.see(9, static_cast<std::int64_t>(duration(random)), round * window) ? 1 : 0;
    CHECK(slow > 3 * each / 100 / 2);
    CHECK(slow < 3 * each / 100 * 6 / 5);  // 1 %, and chance
}

TEST_CASE("what was longer ago than the window before says nothing, nor does a clock that goes back") {
    SlowRoutes routes;
    routes.see(1, 100, 0);
    CHECK_FALSE(routes.see(1, 9'000, 2 * window));
    CHECK(routes.see(1, 90'000, 3 * window));
    CHECK_FALSE(routes.see(1, 900'000, 1 * window));
}

TEST_CASE("a table that is full forgets no route that is in use, and takes new ones when others rest") {
    SlowRoutes routes;
    for (std::uint64_t route = 0; route < SlowRoutes::most_routes; ++route) routes.see(route, 100, 0);
    routes.see(SlowRoutes::most_routes, 100, 0);  // no room
    CHECK_FALSE(routes.see(SlowRoutes::most_routes, 9'000, window));
    for (std::uint64_t route = 0; route < SlowRoutes::most_routes; ++route) CHECK(routes.see(route, 9'000, window));
    routes.see(SlowRoutes::most_routes, 100, 3 * window);
    CHECK(routes.see(SlowRoutes::most_routes, 9'000, 4 * window));
}

}  // namespace
}  // namespace outrigger::sampling
