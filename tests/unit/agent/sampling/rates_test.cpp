#include "agent/sampling/rates.h"

#include <doctest/doctest.h>

#include <limits>

namespace outrigger::sampling {
namespace {

TEST_CASE("a rate is found by service and environment, else the one for all others") {
    const Rates rates({{"service:,env:", 0.25}, {"service:web,env:prod", 0.5}, {"service:web,env:", 0.75}});
    CHECK(rates.of("web", "prod") == Rate{0.5, true});
    CHECK(rates.of("web", "") == Rate{0.75, true});
    CHECK(rates.of("web", "test") == Rate{0.25, true});
    CHECK(rates.of("", "") == Rate{0.25, true});
}

TEST_CASE("before anything was received, and for whoever no rate was given, all are kept") {
    CHECK(Rates().of("web", "prod") == Rate{1, false});
    CHECK(Rates({{"service:web,env:prod", 0.5}}).of("cart", "prod") == Rate{1, true});
}

TEST_CASE("rates beyond 0 and 1 are brought there; what is no number is as if it were not there") {
    const Rates rates({{"service:a,env:", -3},
                       {"service:b,env:", 7},
                       {"service:c,env:", std::numeric_limits<double>::quiet_NaN()},
                       {"service:,env:", 0.5}});
    CHECK(rates.of("a", "").value == 0);
    CHECK(rates.of("b", "").value == 1);
    CHECK(rates.of("c", "").value == 0.5);
}

TEST_CASE("the board says that something is new, and hands out what was put there last") {
    RatesBoard board;
    CHECK(board.rates()->of("web", "") == Rate{1, false});
    const auto before = board.version();
    CHECK(board.version() == before);
    board.put(Rates({{"service:,env:", 0.5}}));
    CHECK(board.version() != before);
    CHECK(board.rates()->of("web", "") == Rate{0.5, true});
}

}  // namespace
}  // namespace outrigger::sampling
