#include "agent/settings/nearest.h"

#include <doctest/doctest.h>

#include <array>

using namespace outrigger::settings;

TEST_CASE("the distance counts insertions, deletions, replacements and swaps") {
    struct Row {
        const char* left;
        const char* right;
        std::size_t distance;
    };
    for (const auto& [left, right, distance] :
         {Row{"", "", 0}, Row{"abc", "abc", 0}, Row{"", "abc", 3}, Row{"abc", "", 3}, Row{"abc", "abcd", 1},
          Row{"abc", "ac", 1}, Row{"abc", "axc", 1}, Row{"nmaes", "names", 1}, Row{"kitten", "sitting", 3}}) {
        CAPTURE(std::string(left));
        CAPTURE(std::string(right));
        CHECK(edit_distance(left, right) == distance);
        CHECK(edit_distance(right, left) == distance);
    }
}

TEST_CASE("the nearest name is the one that was meant") {
    constexpr std::array<std::string_view, 5> known = {"OUTRIGGER_SOCKET", "DD_SERVICE", "OUTRIGGER_HTTP", "DD_ENV",
                                                       "OUTRIGGER_STATSD"};
    CHECK(nearest("OUTRIGGER_SOKCET", known) == "OUTRIGGER_SOCKET");
    CHECK(nearest("OUTRIGGER_SERVICE", known) == "DD_SERVICE");
    CHECK(nearest("OUTRIGGER_ENV", known) == "DD_ENV");
    CHECK(nearest("OUTRIGGER_STATS", known) == "OUTRIGGER_STATSD");
}
