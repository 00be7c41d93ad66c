#include "agent/fold/key_table.h"

#include <doctest/doctest.h>

#include <deque>
#include <string>

#include "agent/fold/byte_arena.h"

using namespace outrigger::fold;

TEST_CASE("every key is found under its order of arrival, however often the table has grown") {
    KeyTable table(7);
    ByteArena arena;
    for (int n = 0; n < 20'000; ++n) {
        const std::string key = "key " + std::to_string(n);
        REQUIRE(table.find(key) == KeyTable::none);
        REQUIRE(table.insert(arena.keep(key)) == static_cast<std::uint32_t>(n));
    }
    for (int n = 0; n < 20'000; ++n) {
        const std::string key = "key " + std::to_string(n);
        REQUIRE(table.find(key) == static_cast<std::uint32_t>(n));
        REQUIRE(table.key(static_cast<std::uint32_t>(n)) == key);
    }
    CHECK(table.find("key 20000") == KeyTable::none);
    CHECK(table.find("") == KeyTable::none);
}

TEST_CASE("what an arena keeps stays where it is, whatever comes after it") {
    ByteArena arena;
    const std::string_view first = arena.keep("first");
    const char* const at = first.data();
    const std::string large(200'000, 'x');
    CHECK(arena.keep(large) == large);
    for (int n = 0; n < 100'000; ++n) arena.keep("filler");
    CHECK(first == "first");
    CHECK(first.data() == at);
    CHECK(arena.keep("").empty());
}
