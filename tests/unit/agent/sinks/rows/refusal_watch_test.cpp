#include <doctest/doctest.h>

#include "agent/sinks/rows/dead_letter.h"
#include "agent/sinks/rows/event_json.h"
#include "agent/sinks/rows/session.h"

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

TEST_CASE("a failure's SQLSTATE says what to do about it") {
    struct Case {
        const char* sqlstate;
        const char* message;
        Trouble trouble;
    };
    const Case cases[] = {
        {"", "server closed the connection", Trouble::connection},
        {"08006", "", Trouble::connection},
        {"57P01", "terminating", Trouble::connection},
        {"57P03", "starting up", Trouble::connection},
        {"53300", "too many clients", Trouble::connection},
        {"53100", "disk full", Trouble::resource},
        {"40P01", "deadlock", Trouble::resource},
        {"55P03", "lock", Trouble::resource},
        {"57014", "timeout", Trouble::resource},
        {"25006", "read-only", Trouble::hold},
        {"42501", "permission denied", Trouble::hold},
        {"42P01", "no table", Trouble::hold},
        {"0A000", "row-level security", Trouble::hold},
        {"28P01", "password", Trouble::hold},
        {"3D000", "no database", Trouble::hold},
        {"22P04", "extra data", Trouble::hold},
        {"23514", "no partition of relation \"request_log\" found for row", Trouble::no_partition},
        {"23514", "violates check constraint", Trouble::row},
        {"22021", "invalid byte", Trouble::row},
        {"22001", "too long", Trouble::row},
        {"23505", "duplicate", Trouble::row},
        {"54001", "too complex", Trouble::row},
    };
    for (const auto& one : cases) {
        CAPTURE(one.sqlstate);
        CHECK(classify(one.sqlstate, one.message) == one.trouble);
    }
}

TEST_CASE("base64 of each length of the last group") {
    const auto base64 = [](std::string_view text) { return to_base64(std::as_bytes(std::span(text))); };
    CHECK(base64("") == "");
    CHECK(base64("f") == "Zg==");
    CHECK(base64("fo") == "Zm8=");
    CHECK(base64("foo") == "Zm9v");
    CHECK(base64("foobar") == "Zm9vYmFy");
}
