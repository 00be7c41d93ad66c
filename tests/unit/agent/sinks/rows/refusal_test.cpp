#include "agent/sinks/rows/refusal.h"

#include <doctest/doctest.h>

using namespace outrigger::rows;

TEST_CASE("what a server refuses at login is held, with its own words and its SQLSTATE") {
    const auto error = read_refusal(
        "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  28000: role \"x\" is not permitted to log "
        "in\n"
        "LOCATION:  InitializeSessionUserId, miscinit.c:761\n");
    CHECK(error.trouble == Trouble::hold);
    CHECK(error.sqlstate == "28000");
    CHECK(error.what ==
          "connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  role \"x\" is not permitted to log in");
}

TEST_CASE("a login that is refused is held, one that only comes too early or finds no room is tried again") {
    struct Case {
        const char* message;
        Trouble trouble;
    };
    const Case cases[] = {
        {"FATAL:  28P01: password authentication failed", Trouble::hold},
        {"FATAL:  3D000: database \"x\" does not exist", Trouble::hold},
        {"FATAL:  42501: permission denied for database \"x\"", Trouble::hold},
        {"FATAL:  08P01: no such database: x", Trouble::hold},
        {"FATAL:  57P03: the database system is starting up", Trouble::connection},
        {"FATAL:  53300: sorry, too many clients already", Trouble::connection},
        {"connection to server failed: session is read-only", Trouble::hold},
        {"connection to server failed: server is in hot standby mode", Trouble::hold},
        {"connection to server at \"db:  is it\", port 5432 failed: Connection refused", Trouble::connection},
        {"", Trouble::connection},
    };
    for (const auto& one : cases) {
        CAPTURE(one.message);
        CHECK(read_refusal(one.message).trouble == one.trouble);
    }
}

TEST_CASE("of two attempts at one server, with TLS and without, the first one's SQLSTATE counts, and both are told") {
    const auto error = read_refusal(
        "a failed: FATAL:  28P01: password authentication failed\nLOCATION:  auth_failed, auth.c:1\n"
        "a failed: FATAL:  28000: no pg_hba.conf entry\nLOCATION:  ClientAuthentication, auth.c:2\n");
    CHECK(error.sqlstate == "28P01");
    CHECK(error.what == "a failed: FATAL:  password authentication failed a failed: FATAL:  no pg_hba.conf entry");
}

TEST_CASE("of several hosts one that refuses us makes it a hold") {
    const DatabaseError away{Trouble::connection, "", "refused"};
    const DatabaseError closed{Trouble::hold, "28000", "not permitted"};
    CHECK(join(away, away).trouble == Trouble::connection);
    CHECK(join(closed, away).trouble == Trouble::hold);
    CHECK(join(away, closed).trouble == Trouble::hold);
    CHECK(join(away, closed).sqlstate == "28000");
    CHECK(join(away, closed).what == "refused; not permitted");
}
