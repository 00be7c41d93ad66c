#include "agent/sinks/rows/trouble.h"

#include <doctest/doctest.h>

using namespace outrigger::rows;

TEST_CASE("a failure's SQLSTATE says what to do about it") {
    struct Case {
        const char* sqlstate;
        Trouble trouble;
    };
    const Case cases[] = {
        {"", Trouble::connection},      {"08006", Trouble::connection}, {"57P01", Trouble::connection},
        {"57P03", Trouble::connection}, {"53300", Trouble::connection}, {"53100", Trouble::resource},
        {"40P01", Trouble::resource},   {"55P03", Trouble::resource},   {"57014", Trouble::slow},
        {"25006", Trouble::hold},       {"42501", Trouble::hold},       {"42P01", Trouble::hold},
        {"0A000", Trouble::hold},       {"28P01", Trouble::hold},       {"3D000", Trouble::hold},
        {"22P04", Trouble::hold},       {"22021", Trouble::row},        {"22001", Trouble::row},
        {"23505", Trouble::row},        {"54001", Trouble::row},
    };
    for (const auto& one : cases) {
        CAPTURE(one.sqlstate);
        CHECK(classify({one.sqlstate, "", ""}) == one.trouble);
    }
}

TEST_CASE("a row that a check or a trigger refuses is told from one that has no partition") {
    CHECK(classify({"23514", "", "ExecFindPartition"}) == Trouble::no_partition);
    CHECK(classify({"23514", "", ""}) == Trouble::no_partition);
    CHECK(classify({"23514", "narrow", "ExecConstraints"}) == Trouble::row);
    CHECK(classify({"23514", "narrow", ""}) == Trouble::row);
    CHECK(classify({"23514", "", "exec_stmt_raise"}) == Trouble::row);
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
