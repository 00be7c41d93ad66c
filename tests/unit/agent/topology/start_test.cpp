#include "agent/topology/start.h"

#include <doctest/doctest.h>

#include "agent/books/book.h"
#include "tests/unit/agent/journal/broken.h"

namespace outrigger::topology {
namespace {

// Entries in three segments: one in four is a metric.
std::vector<journal::Entry> keep_some(journal::Journal& journal) {
    RequestEvent event;
    event.method = "GET";
    event.route = event.path = "/";
    event.status = 200;
    const auto measured = measure(event);
    REQUIRE(measured);
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    journal::DirectWriter writer(journal);
    while (journal.status().segments < 3) {
        journal::Batch batch;
        if (writer.kept.empty()) batch.introduce(1, journal::some_identity("shop"));
        for (int entry = 0; entry < 8; ++entry) {
            journal::Envelope envelope;
            envelope.emitter = 1;
            envelope.kind = entry % 4 == 3 ? journal::Kind::metric : journal::Kind::request;
            batch.add(envelope, record);
        }
        REQUIRE(writer.keep(batch));
    }
    return std::move(writer.kept);
}

// As a checkpoint at `position` has it.
fold::Snapshot snapshot_at(std::uint64_t position, const std::vector<journal::Entry>& entries) {
    fold::Snapshot from;
    from.position = position;
    for (const auto& entry : entries)
        if (entry.position <= position && entry.envelope.kind == journal::Kind::request) ++from.counters.requests;
    from.counters.folded = from.counters.requests;
    return from;
}

TEST_CASE("the first position of a life is beyond whatever was kept, checkpointed or handled by a sink") {
    struct Row {
        std::uint64_t mark, checkpoint, rows, traces;
        std::uint64_t position;
    };
    constexpr Row rows[] = {{0, 0, 0, 0, 1}, {9, 3, 3, 3, 10}, {3, 9, 3, 3, 10}, {3, 3, 9, 3, 10}, {3, 3, 3, 9, 10}};
    for (const Row& row : rows) {
        CAPTURE(&row - rows);
        journal::Mark mark;
        mark.position = row.mark;
        mark.counts[static_cast<std::size_t>(journal::Kind::request)] = row.mark;
        mark.counts[static_cast<std::size_t>(journal::Kind::metric)] = 1;
        std::map<std::string, books::Cursor> cursors;
        cursors["rows"].position = cursors["rows"].requests = row.rows;
        cursors["traces"].position = cursors["traces"].requests = row.traces;
        const Start start = find_start(mark, row.checkpoint, row.checkpoint, cursors);
        CHECK(start.position == row.position);
        CHECK(journal::requests(start.before) == row.position - 1);
        CHECK(start.before[static_cast<std::size_t>(journal::Kind::metric)] == 1);
    }
}

TEST_CASE("what only a cursor tells of is lost to the fold, and its books say so") {
    fold::Fold fold({});
    Start start;
    start.position = 8;
    start.before[static_cast<std::size_t>(journal::Kind::request)] = 5;
    tell_of_lost(fold, start);
    CHECK(fold.position() == 7);
    CHECK(fold.cursor().dropped[static_cast<std::size_t>(books::SinkDrop::damaged)] == 5);
    CHECK(books::balance(fold.cursor(), 5).pending == 0);
    CHECK(books::balance(fold.cursor(), 5).difference == 0);
    tell_of_lost(fold, start);
    CHECK(fold.cursor().dropped_total() == 5);
}

TEST_CASE("what went wrong with the journal at start is one line, and a batch that was not finished is nothing") {
    journal::JournalStatus status;
    status.errors = {{"open", 0}, {"torn", 3}};
    CHECK(troubles(status).empty());
    status.errors = {{"damaged", 2}, {"torn", 3}, {"foreign", 1}};
    CHECK(troubles(status) ==
          "the journal had trouble at start (damaged 2, foreign 1): `outrigger journal verify` says where");
    status.foreign_requests = 510;
    CHECK(troubles(status).find("foreign 1 with 510 requests that are not taken up") != std::string::npos);
}

TEST_CASE("which journal a checkpoint speaks of is among its facts, byte by byte") {
    journal::Uuid uuid{};
    uuid[0] = 255;
    uuid[15] = 7;
    CHECK(journal_of(fact_of(uuid)) == uuid);
    CHECK_FALSE(journal_of({}));
    CHECK_FALSE(journal_of({{"journal.uuid", "short"}}));
}

TEST_CASE("a replay from a disk that does not answer goes on, and what it never gives is told to the fold") {
    for (const bool for_ever : {false, true}) {
        CAPTURE(for_ever);
        journal::Broken broken;
        const auto journal = journal::opened(broken.settings);
        journal::DirectWriter writer(*journal);
        for (std::uint64_t number = 1; number <= 300; number += 10) REQUIRE(writer.keep_requests(number, number + 9));
        REQUIRE(journal->status().segments == 2);
        if (for_ever) {
            broken.disk->unopenable = journal::segment_files(broken.settings.folder).front();
        } else {
            broken.disk->failing_opens = 2;
            broken.disk->failing_reads = 3;
        }
        fold::Fold fold({});
        replay(*journal, fold);
        CHECK(fold.position() == journal->mark().position);
        CHECK(fold.cursor().requests == 300);
        CHECK((fold.cursor().dropped[static_cast<std::size_t>(books::SinkDrop::damaged)] > 0) == for_ever);
    }
}

TEST_CASE("the books balance after a replay that begins in the middle of what the disk does not give") {
    journal::Broken broken;
    const auto journal = journal::opened(broken.settings);
    const auto entries = keep_some(*journal);
    broken.disk->unopenable = journal::segment_files(broken.settings.folder).front();
    fold::Fold fold({}, snapshot_at(42, entries));
    replay(*journal, fold);
    CHECK(fold.cursor().dropped_total() > 0);
    CHECK(books::balance(fold.cursor(), journal::requests(journal->mark().counts)).difference == 0);
}

TEST_CASE("the books balance after a replay that finds the segment behind its checkpoint gone") {
    journal::Broken broken;
    const auto entries = keep_some(*journal::opened(broken.settings));
    const auto files = journal::segment_files(broken.settings.folder);
    const std::uint64_t position = journal::parse_header(journal::contents(files[1]))->header.first - 1;
    std::filesystem::remove(files[0]);
    std::filesystem::remove(files[1]);
    const auto journal = journal::opened(broken.settings, position);
    fold::Fold fold({}, snapshot_at(position, entries));
    replay(*journal, fold);
    CHECK(fold.cursor().dropped_total() > 0);
    CHECK(books::balance(fold.cursor(), journal::requests(journal->mark().counts)).difference == 0);
}

}  // namespace
}  // namespace outrigger::topology
