#include "agent/intake/notices.h"

#include <doctest/doctest.h>

#include <vector>

namespace outrigger::intake {

TEST_CASE("notices: a change of the socket's name is said once, and that it is over") {
    std::vector<std::string> said;
    Notices notices([&](std::string line) { said.push_back(std::move(line)); });
    notices.socket(SocketName::ours);
    CHECK(said.empty());
    notices.socket(SocketName::lost);
    notices.socket(SocketName::lost);
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with("the socket's name does not lead here any more"));
    notices.socket(SocketName::ours);
    notices.socket(SocketName::ours);
    REQUIRE(said.size() == 2);
    CHECK(said[1] == "the socket's name leads here again");
    notices.socket(SocketName::renewed);
    notices.socket(SocketName::ours);
    REQUIRE(said.size() == 3);
    CHECK(said[2] == "the socket was deleted: it is there again");
}

TEST_CASE("notices: a full house is said once, until there is room and nobody is turned away") {
    std::vector<std::string> said;
    Notices notices([&](std::string line) { said.push_back(std::move(line)); });
    notices.room(0, 4, 4);
    CHECK(said.empty());  // nobody was turned away
    notices.room(1, 4, 4);
    notices.room(3, 4, 4);
    notices.room(3, 4, 4);
    REQUIRE(said.size() == 1);
    CHECK(said[0].starts_with("as many connections as there may be, 4: "));
    notices.room(5, 3, 4);  // one left, another two were turned away before
    CHECK(said.size() == 1);
    notices.room(5, 3, 4);
    REQUIRE(said.size() == 2);
    CHECK(said[1] == "there is room for connections again");
    notices.room(6, 4, 4);
    CHECK(said.size() == 3);
}

}  // namespace outrigger::intake
