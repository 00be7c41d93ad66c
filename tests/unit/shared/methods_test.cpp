#include "shared/methods.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

namespace outrigger {

TEST_CASE("each registered method leads back to its index, in upper case alone") {
    for (std::uint8_t index = 1; index < method_count; ++index) {
        const std::string_view name = method_name(index);
        CAPTURE(std::string(name));
        CHECK(to_method(name) == index);
        CHECK(std::ranges::all_of(name, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; }));
    }
    CHECK(method_name(other_method) == "_OTHER");
    for (const char* other : {"", "get", "Get", "GETS", "GE", "POS", "PUSH", "_OTHER", "*"}) {
        CAPTURE(other);
        CHECK(to_method(other) == other_method);
    }
}

TEST_CASE("indexes are on disks: these never move") {
    CHECK(method_name(1) == "GET");
    CHECK(method_name(7) == "OPTIONS");
    CHECK(method_name(13) == "QUERY");
    CHECK(method_name(31) == "PRI");
    CHECK(method_name(40) == "VERSION-CONTROL");
}

}  // namespace outrigger
