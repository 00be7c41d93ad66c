#include <doctest/doctest.h>

#include "agent/books/book.h"
#include "agent/fold/fold.h"
#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using fold::Fold;
using test::Entries;

TEST_CASE("cut fields are counted by field, a mended start too, once") {
    Entries entries;
    const std::string long_route(300, 'r');
    entries.request({long_route});
    RequestEvent event;
    event.method = "GET";
    event.status = 200;
    journal::Envelope envelope;
    envelope.start = journal::Start::arrival;
    entries.add(envelope, test::encoded(event));
    Fold fold({});
    test::apply(fold, entries.all());
    const auto& cut = fold.snapshot(entries.now_us, false).counters.cut;
    CHECK(cut[static_cast<std::size_t>(CutField::route)] == 1);
    CHECK(cut[static_cast<std::size_t>(CutField::start_us)] == 1);
    CHECK(cut[static_cast<std::size_t>(CutField::path)] == 0);
}

TEST_CASE("the metrics sink's page: what is in a series is delivered, what the journal lacks is dropped") {
    Entries entries;
    entries.request({});
    entries.metric(MetricKind::count, "x", 1);
    entries.request({});
    Fold fold({});
    journal::Counts counts{};
    counts[static_cast<std::size_t>(journal::Kind::request)] = 4;
    fold.batch_begins();
    fold.lost(0, counts, false);
    counts[static_cast<std::size_t>(journal::Kind::request)] = 3;
    fold.lost(0, counts, true);
    fold.batch_ends();
    test::apply(fold, entries.all());
    const auto cursor = fold.cursor();
    CHECK(cursor.on);
    CHECK(cursor.position == 3);
    CHECK(cursor.delivered == 2);
    CHECK(cursor.dropped[static_cast<std::size_t>(books::SinkDrop::journal_full)] == 4);
    CHECK(cursor.dropped[static_cast<std::size_t>(books::SinkDrop::damaged)] == 3);
    CHECK(cursor.requests == 9);
    const auto balance = books::balance(cursor, 12);
    CHECK(balance.accepted == 12);
    CHECK(balance.pending == 3);
    CHECK(balance.difference == 0);
}

TEST_CASE("an entry that the fold passes over is a difference in the books, one that comes twice counts once") {
    Entries entries;
    for (int i = 0; i < 3; ++i) entries.request({});
    Fold fold({});
    fold.batch_begins();
    fold.apply(entries.all()[0]);
    fold.apply(entries.all()[0]);
    fold.apply(entries.all()[2]);
    fold.batch_ends(3);
    CHECK(fold.cursor().delivered == 2);
    CHECK(books::balance(fold.cursor(), 3).difference == 1);
}

TEST_CASE("a gap and what was torn are counted apart") {
    Entries entries;
    Fold fold({});
    for (const auto reason : {journal::Missing::gap, journal::Missing::torn}) {
        std::vector<std::byte> payload;
        journal::append(payload, journal::TornRun{1, reason == journal::Missing::gap ? 5U : 3U, reason});
        journal::Envelope envelope;
        envelope.kind = journal::Kind::torn;
        entries.add(envelope, payload);
    }
    test::apply(fold, entries.all());
    const auto counters = fold.snapshot(entries.now_us, false).counters;
    CHECK(counters.gap == 5);
    CHECK(counters.torn == 3);
}

TEST_CASE("a record that does not parse is a difference in the books, not a crash") {
    Entries entries;
    entries.request({});
    entries.add({}, std::vector<std::byte>(40));
    Fold fold({});
    test::apply(fold, entries.all());
    CHECK(books::balance(fold.cursor(), 2).difference == 1);
}
