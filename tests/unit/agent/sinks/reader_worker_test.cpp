#include "agent/sinks/reader_worker.h"

#include <doctest/doctest.h>

using namespace outrigger::sinks;
using namespace std::chrono_literals;

TEST_CASE("backoff doubles its ceiling up to the greatest, and begins anew after a success") {
    Backoff backoff(100ms, 30s);
    constexpr double almost_one = 0.9999;
    CHECK(backoff.next(almost_one) == 99ms);
    CHECK(backoff.next(almost_one) == 199ms);
    CHECK(backoff.next(almost_one) == 399ms);
    for (int i = 0; i < 100; ++i) CHECK(backoff.next(almost_one) <= 30s);
    CHECK(backoff.next(almost_one) == 29'997ms);
    CHECK(backoff.next(0.5) == 15s);
    backoff.reset();
    CHECK(backoff.next(almost_one) == 99ms);
}

TEST_CASE("backoff is never a busy loop") {
    Backoff backoff(100ms, 30s);
    CHECK(backoff.next(0.0) == 2ms);
    CHECK(backoff.next(0.0) == 3ms);
}

TEST_CASE("a breaker has one line for each change of state") {
    Breaker breaker;
    CHECK_FALSE(breaker.up());
    CHECK_FALSE(breaker.came_back());  // the first time is no news
    CHECK(breaker.up());
    CHECK(breaker.went_down("gone") == "down: gone");
    CHECK_FALSE(breaker.went_down("gone"));
    CHECK_FALSE(breaker.went_down("still gone"));
    CHECK(breaker.last_error() == "still gone");
    CHECK(breaker.came_back() == "up again");
    CHECK(breaker.last_error().empty());
    CHECK_FALSE(breaker.came_back());
}

TEST_CASE("an order to stop ends a sleep at once, and later sleeps at its deadline") {
    StopOrder order;
    CHECK(order.sleep(1ms));
    CHECK_FALSE(order.given());
    const auto now = StopOrder::Clock::now();
    order.give(now);
    CHECK(order.given());
    CHECK(order.past_deadline(now));
    CHECK_FALSE(order.past_deadline(now - 1ms));
    CHECK_FALSE(order.sleep(1h));
    order.give(now + 1h);  // an earlier deadline stands
    CHECK(order.past_deadline(now));
}
