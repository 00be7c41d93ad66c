#include "agent/http/guests.h"

#include <doctest/doctest.h>

using namespace outrigger::http;
using namespace std::chrono_literals;

namespace {

using Sockets = std::vector<int>;
const Guests::Time start{1h};

}  // namespace

TEST_CASE("there is room until the house or the address is full") {
    Guests guests(Limits{.connections = 3, .connections_per_address = 2});
    CHECK(guests.make_room("a", start) == Sockets{});
    guests.enter(1, "a", start);
    guests.enter(2, "a", start + 1s);
    CHECK(guests.make_room("b", start) == Sockets{});
    CHECK(guests.make_room("a", start + 2s) == Sockets{1});
    CHECK(guests.count() == 1);
}

TEST_CASE("in a full house the address that holds most pays, its longest waiting first") {
    Guests guests(Limits{.connections = 3, .connections_per_address = 3});
    guests.enter(1, "quiet", start);
    guests.enter(2, "flood", start + 2s);
    guests.enter(3, "flood", start + 1s);
    CHECK(guests.make_room("new", start + 3s) == Sockets{3});
}

TEST_CASE("who is being answered stays while another waits, and for the grace when nobody waits") {
    Guests guests(Limits{.connections = 2, .connections_per_address = 2, .grace = 1s});
    guests.enter(1, "a", start);
    guests.begin_answer(1, 10, start);
    guests.enter(2, "a", start + 1ms);
    CHECK(guests.make_room("a", start + 5s) == Sockets{2});

    guests.leave(2);
    guests.enter(3, "a", start + 5s);
    guests.begin_answer(3, 10, start + 5s);
    CHECK(guests.make_room("a", start + 900ms) == std::nullopt);
    CHECK(guests.make_room("a", start + 5s + 900ms) == Sockets{1});
}

TEST_CASE("an idle guest waits anew, and one that left is forgotten") {
    Guests guests(Limits{.connections = 2, .connections_per_address = 2});
    guests.enter(1, "a", start);
    guests.enter(2, "a", start + 1s);
    guests.begin_answer(1, 10, start + 2s);
    guests.end_request(1, true, start + 3s);
    CHECK(guests.make_room("a", start + 4s) == Sockets{2});
    guests.leave(2);
    guests.leave(1);
    CHECK(guests.count() == 0);
    CHECK(guests.make_room("a", start + 5s) == Sockets{});
}

TEST_CASE("answers being sent are bounded together: old ones make room, young ones are waited for") {
    Guests guests(Limits{.answer_bytes = 100, .grace = 1s});
    CHECK(guests.make_room_for_answer(1000, start) == Sockets{});
    guests.enter(1, "a", start);
    guests.begin_answer(1, 60, start);
    CHECK(guests.make_room_for_answer(40, start) == Sockets{});
    CHECK(guests.make_room_for_answer(41, start + 500ms) == std::nullopt);
    guests.enter(2, "b", start);
    guests.begin_answer(2, 40, start + 800ms);
    CHECK(guests.make_room_for_answer(60, start + 1s) == Sockets{1});
    CHECK(guests.make_room_for_answer(61, start + 1s) == std::nullopt);
    CHECK(guests.make_room_for_answer(61, start + 2s) == Sockets{2});
}

TEST_CASE("a refused answer shows nobody out") {
    Guests guests(Limits{.answer_bytes = 100, .grace = 1s});
    guests.enter(1, "a", start);
    guests.begin_answer(1, 30, start);
    guests.enter(2, "a", start);
    guests.begin_answer(2, 60, start + 5s);
    CHECK(guests.make_room_for_answer(50, start + 5s) == std::nullopt);
    CHECK(guests.count() == 2);
}

TEST_CASE("each thing a guest does has its time, and it is told to go once") {
    Guests guests(Limits{.ask_time = 10s, .idle_time = 70s, .answer_time = 20s});
    CHECK(guests.next_deadline() == std::nullopt);
    guests.enter(1, "a", start);
    CHECK(guests.next_deadline() == start + 10s);
    CHECK(guests.overdue(start + 9s).empty());
    guests.begin_answer(1, 5, start + 9s);
    CHECK(guests.next_deadline() == start + 29s);
    guests.end_request(1, true, start + 20s);
    CHECK(guests.next_deadline() == start + 90s);
    CHECK(guests.overdue(start + 90s) == Sockets{1});
    CHECK(guests.overdue(start + 91s).empty());
    CHECK(guests.next_deadline() == std::nullopt);
}

TEST_CASE("whoever is turned away is counted once, with the reason") {
    Guests guests(Limits{.connections = 2, .connections_per_address = 2, .answer_bytes = 100, .grace = 1s});
    const auto counted = [&](Away why) { return guests.turned_away().of(why); };
    guests.enter(1, "a", start);
    guests.enter(2, "a", start + 1s);
    CHECK(guests.make_room("b", start + 2s) == Sockets{1});  // shown out for a newcomer
    guests.leave(1);
    CHECK(counted(Away::full) == 1);
    guests.begin_answer(2, 80, start + 2s);
    guests.enter(3, "b", start + 2s);
    guests.begin_answer(3, 20, start + 2500ms);
    CHECK(guests.make_room("c", start + 2500ms) == std::nullopt);  // all are being answered
    CHECK(counted(Away::full) == 2);
    CHECK(guests.make_room_for_answer(50, start + 2500ms) == std::nullopt);
    CHECK(counted(Away::busy) == 1);
    CHECK(guests.make_room_for_answer(50, start + 4s)->size() == 1);  // cut short for a newer one
    CHECK(counted(Away::busy) == 2);
    CHECK(guests.overdue(start + 1h).size() == 1);  // the other one does not take its answer
    CHECK(counted(Away::slow) == 1);
    guests.leave(2);
    guests.leave(3);
    guests.enter(4, "a", start);
    guests.leave(4);  // without a word
    CHECK(counted(Away::no_request) == 1);
    guests.enter(5, "a", start);
    guests.end_request(5, false, start);  // a request that was none
    guests.leave(5);
    CHECK(counted(Away::no_request) == 2);
    guests.enter(6, "a", start);
    guests.begin_answer(6, 10, start);
    guests.end_request(6, true, start);
    CHECK(guests.overdue(start + 1h) == Sockets{6});  // idle, and had what it came for
    guests.leave(6);
    guests.turn_away(Away::method);
    std::uint64_t all = 0;
    for (const auto count : guests.turned_away().counts) all += count;
    CHECK(all == 2 + 2 + 1 + 2 + 1);
}
