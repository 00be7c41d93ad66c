#include "agent/books/book.h"

#include <doctest/doctest.h>

#include <set>
#include <string_view>

using namespace outrigger::books;

TEST_CASE("the books balance, and a missing increment shows as what it is") {
    struct Row {
        std::uint64_t base, requests, delivered, rewound, dropped, journal;
        std::uint64_t accepted, pending;
        std::int64_t difference;
    };
    constexpr Row rows[] = {
        {0, 0, 0, 0, 0, 0, 0, 0, 0},     {0, 10, 10, 0, 0, 10, 10, 0, 0},
        {0, 6, 5, 0, 1, 10, 10, 4, 0},   {100, 110, 7, 0, 3, 120, 20, 10, 0},
        {0, 10, 9, 0, 0, 10, 10, 0, 1},  {0, 10, 11, 0, 0, 10, 10, 0, -1},
        {0, 10, 12, 2, 0, 10, 10, 0, 0}, {0, 6, 10, 4, 0, 10, 10, 4, 0},
        {0, 10, 10, 0, 0, 9, 10, 0, 0},  // the mark was read before the sink
    };
    for (const Row& row : rows) {
        CAPTURE(&row - rows);
        Cursor cursor;
        cursor.base = row.base;
        cursor.requests = row.requests;
        cursor.delivered = row.delivered;
        cursor.rewound = row.rewound;
        cursor.dropped[1] = row.dropped;
        const Balance found = balance(cursor, row.journal);
        CHECK(found.accepted == row.accepted);
        CHECK(found.pending == row.pending);
        CHECK(found.difference == row.difference);
    }
}

TEST_CASE("sinks are read first and the journal last; a sink that is off has an empty page") {
    std::uint64_t journal = 5;
    Book book([&] { return journal; });
    book.add("metrics", [&] {
        Cursor cursor;
        cursor.on = true;
        cursor.requests = cursor.delivered = journal;
        journal += 3;  // more arrives while the books are read
        return Book::Entry{cursor, Health{true, "", 0, 1'000'000}};
    });
    book.add_off("statsd");
    const auto pages = book.read(3'500'000);
    REQUIRE(pages.size() == 2);
    CHECK(pages[0].sink == "metrics");
    CHECK(pages[0].on);
    CHECK(pages[0].balance.accepted == 8);
    CHECK(pages[0].balance.pending == 3);
    CHECK(pages[0].balance.difference == 0);
    CHECK(pages[0].lag_seconds == 2.5);
    CHECK(pages[0].health.up);
    CHECK_FALSE(pages[1].on);
    CHECK(pages[1].balance.accepted == 0);
}

TEST_CASE("a tally is read as it was pushed last") {
    Tally tally;
    Book book([] { return std::uint64_t{9}; });
    book.add("rows", tally);
    Cursor cursor;
    cursor.requests = cursor.delivered = 4;
    tally.push(cursor);
    const auto page = book.read(0).at(0);
    CHECK(page.cursor.delivered == 4);
    CHECK(page.balance.pending == 5);
    CHECK(page.lag_seconds == 0);
}

TEST_CASE("each reason has a name of its own") {
    std::set<std::string_view> names;
    for (std::size_t at = 0; at < static_cast<std::size_t>(SinkDrop::count_); ++at) {
        names.insert(to_string(static_cast<SinkDrop>(at)));
    }
    CHECK(names.size() == static_cast<std::size_t>(SinkDrop::count_));
    CHECK_FALSE(names.contains("unknown"));
}
