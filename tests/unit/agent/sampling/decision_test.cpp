#include "agent/sampling/decision.h"

#include <doctest/doctest.h>

namespace outrigger::sampling {
namespace {

TEST_CASE("the shared hash decides as Datadog's tracers do") {
    struct Row {
        std::uint64_t id;
        double rate;
        bool kept;
    };
    constexpr Row rows[] = {
        {1, 0.1, true},
        {1, 0.06, false},
        {10, 0.75, true},
        {10, 0.5, false},
        {1234567890123456789U, 0.5, true},
        {1234567890123456789U, 0.25, false},
        {18446744073709551615U, 1, true},
        {18446744073709551615U, 0, false},
        {7, 0, false},
        {7, 1, true},
    };
    for (const Row& row : rows) {
        CAPTURE(row.id);
        CAPTURE(row.rate);
        CHECK(rate_keeps(row.id, row.rate) == row.kept);
    }
}

TEST_CASE("an incoming priority wins over everything") {
    struct Row {
        std::int8_t incoming;
        bool kept;
    };
    for (const Row& row : {Row{-1, false}, Row{0, false}, Row{1, true}, Row{2, true}}) {
        CAPTURE(int{row.incoming});
        Budget budget;
        for (const Decision& decision :
             {decide(row.incoming), decide(row.incoming, true, budget, 0, 1, Rate{row.kept ? 0.0 : 1.0, true})}) {
            CHECK(decision.priority == row.incoming);
            CHECK(decision.kept == row.kept);
            CHECK(decision.mechanism == Mechanism::caller);
        }
    }
}

TEST_CASE("without a trace sink whoever came without a priority is kept") {
    const Decision decision = decide(std::nullopt);
    CHECK(decision.priority == 1);
    CHECK(decision.kept);
    CHECK(decision.mechanism == Mechanism::nobody);
}

TEST_CASE("what is remarkable is kept by the user's will, ten times a second; then the rate decides") {
    Budget budget;
    const Rate nothing{0, true};
    for (int second = 5; second < 7; ++second) {
        for (int i = 0; i < 10; ++i) {
            const Decision decision = decide(std::nullopt, true, budget, second * 1'000'000 + i, 7, nothing);
            CHECK(decision.priority == 2);
            CHECK(decision.kept);
            CHECK(decision.mechanism == Mechanism::for_its_own_sake);
        }
        const Decision late = decide(std::nullopt, true, budget, second * 1'000'000 + 999'999, 7, nothing);
        CHECK(late.priority == 0);
        CHECK_FALSE(late.kept);
        CHECK(late.mechanism == Mechanism::rate_of_agent);
    }
}

TEST_CASE("the others are kept or not by the rate, and it is said whose rate it was") {
    Budget budget;
    CHECK(decide(std::nullopt, false, budget, 0, 10, Rate{0.75, true}).priority == 1);
    CHECK(decide(std::nullopt, false, budget, 0, 10, Rate{0.5, true}).priority == 0);
    CHECK(decide(std::nullopt, false, budget, 0, 10, Rate{0.5, true}).mechanism == Mechanism::rate_of_agent);
    CHECK(decide(std::nullopt, false, budget, 0, 10, Rate{}).kept);
    CHECK(decide(std::nullopt, false, budget, 0, 10, Rate{}).mechanism == Mechanism::nobody);
}

}  // namespace
}  // namespace outrigger::sampling
