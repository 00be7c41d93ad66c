#include "agent/intake/seats.h"

#include <doctest/doctest.h>

#include <vector>

namespace outrigger::intake {

namespace {

constexpr std::uint32_t crowd = 1000, few = 2000, newcomer = 3000;

TEST_CASE("of the user who holds most the oldest silent connection goes, whoever comes") {
    const std::vector<Seat> taken = {{16, few, true}, {17, crowd, false}, {19, crowd, true}, {18, crowd, true}};
    CHECK(seat_for(crowd, taken) == 18);
    CHECK(seat_for(few, taken) == 18);
    CHECK(seat_for(newcomer, taken) == 18);
}

TEST_CASE("one that has spoken goes only for a user who holds fewer even then") {
    const std::vector<Seat> taken = {{16, few, true}, {19, crowd, false}, {18, crowd, false}, {17, few, false}};
    CHECK(seat_for(crowd, {taken.data() + 1, 2}) == std::nullopt);
    CHECK(seat_for(newcomer, {taken.data() + 1, 2}) == 18);  // 1 beside 2 before: then 1 and 1
    const std::vector<Seat> three = {{16, crowd, false}, {17, crowd, false}, {18, crowd, false}, {19, few, false}};
    CHECK(seat_for(few, three) == 16);  // 2 and 2 then
    CHECK(seat_for(crowd, three) == std::nullopt);
    const std::vector<Seat> two = {{16, crowd, false}, {17, crowd, false}, {18, few, false}};
    CHECK(seat_for(few, two) == std::nullopt);  // to and fro it would go
}

TEST_CASE("with one seat in the house who sits there silently gives way") {
    CHECK(seat_for(crowd, std::vector<Seat>{{16, crowd, true}}) == 16);
    CHECK(seat_for(crowd, std::vector<Seat>{{16, crowd, false}}) == std::nullopt);
    CHECK(seat_for(newcomer, std::vector<Seat>{{16, crowd, false}}) == std::nullopt);
    CHECK(seat_for(newcomer, {}) == std::nullopt);
}

}  // namespace

}  // namespace outrigger::intake
