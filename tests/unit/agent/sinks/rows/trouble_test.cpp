#include "agent/sinks/rows/trouble.h"

#include <doctest/doctest.h>

using namespace outrigger::rows;

TEST_CASE("a failure's SQLSTATE says what to do about it") {
    struct Case {
        const char* sqlstate;
        const char* constraint;
        Trouble trouble;
    };
    const Case cases[] = {
        {"", "", Trouble::connection},      {"08006", "", Trouble::connection},   {"57P01", "", Trouble::connection},
        {"57P03", "", Trouble::connection}, {"53300", "", Trouble::connection},   {"53100", "", Trouble::resource},
        {"40P01", "", Trouble::resource},   {"55P03", "", Trouble::resource},     {"57014", "", Trouble::slow},
        {"25006", "", Trouble::hold},       {"42501", "", Trouble::hold},         {"42P01", "", Trouble::hold},
        {"0A000", "", Trouble::hold},       {"28P01", "", Trouble::hold},         {"3D000", "", Trouble::hold},
        {"22P04", "", Trouble::hold},       {"23514", "", Trouble::no_partition}, {"23514", "narrow", Trouble::row},
        {"22021", "", Trouble::row},        {"22001", "", Trouble::row},          {"23505", "", Trouble::row},
        {"54001", "", Trouble::row},
    };
    for (const auto& one : cases) {
        CAPTURE(one.sqlstate);
        CHECK(classify(one.sqlstate, one.constraint) == one.trouble);
    }
}

TEST_CASE("the line of a COPY is taken from its context, and from nothing else") {
    CHECK(line_in("COPY request_log, line 17, column message") == 17);
    CHECK(line_in("PL/pgSQL function f() line 3 at RAISE\nCOPY request_log, line 2") == 2);
    CHECK(line_in("SQL statement \"COPY request_log, line 3\"\nCOPY request_log, line 2") == 2);
    CHECK_FALSE(line_in("SQL statement \"... -- book, line 3\""));
    CHECK_FALSE(line_in("COPY request_log, Zeile 17"));
    CHECK_FALSE(line_in(""));
}

TEST_CASE("what libpq says over several lines becomes one") {
    CHECK(one_line("connection failed\n\tIs the server running?\n") == "connection failed  Is the server running?");
}
