#include <doctest/doctest.h>

#include "agent/sinks/rows/dead_letter.h"
#include "agent/sinks/rows/event_json.h"

using namespace outrigger::rows;

TEST_CASE("more than half of a hundred rows refused are too many, half are not") {
    RefusalWatch half;
    half.accepted(50);
    for (int i = 0; i < 50; ++i) half.refused();
    CHECK_FALSE(half.too_many());
    RefusalWatch most;
    most.accepted(49);
    for (int i = 0; i < 50; ++i) most.refused();
    CHECK_FALSE(most.too_many());  // fewer than a hundred
    most.refused();
    CHECK(most.too_many());
}

TEST_CASE("base64 of each length of the last group") {
    const auto base64 = [](std::string_view text) { return to_base64(std::as_bytes(std::span(text))); };
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar") == "Zm9vYmFy");
}
