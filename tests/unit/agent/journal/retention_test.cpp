#include "agent/journal/retention.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

using namespace std::chrono_literals;

JournalSettings small(const TestFolder& folder) {
    auto settings = folder.settings();
    settings.size_bytes = 128 * 1024;
    settings.durability = Durability::process;
    return settings;
}

void write_until(DirectWriter& writer, std::uint64_t& number, std::uint64_t last) {
    for (; number <= last; number += 10) REQUIRE(writer.keep_requests(number, number + 9));
}

std::uint64_t bytes_in(const std::filesystem::path& folder) {
    std::uint64_t bytes = 0;
    for (const auto& file : segment_files(folder)) bytes += std::filesystem::file_size(file);
    return bytes;
}

}  // namespace

TEST_CASE("what the slowest sink has still to read is told in bytes, with a reader or without") {
    const TestFolder folder;
    const auto journal = opened(small(folder));
    DirectWriter writer(*journal);
    std::uint64_t number = 1;
    write_until(writer, number, 400);
    const std::uint64_t last = journal->mark().position;
    CHECK(journal->status().unread_bytes == 0);
    journal->needed_after(0);
    const std::uint64_t all = journal->status().unread_bytes;
    CHECK(all > 400 * 24);
    CHECK(all <= journal->status().bytes);
    journal->needed_after(last / 2);
    CHECK(journal->status().unread_bytes > all / 3);
    CHECK(journal->status().unread_bytes < all * 2 / 3);
    journal->needed_after(last);
    CHECK(journal->status().unread_bytes == 0);
    const auto reader = journal->read_from(0);
    CHECK(journal->status().unread_bytes == all);
    reader->release(last);
    CHECK(journal->status().unread_bytes == 0);
}

TEST_CASE("a full journal drops its oldest segments, and a reader that lags says exactly what it missed") {
    const TestFolder folder;
    const auto settings = small(folder);
    const auto journal = opened(settings);
    DirectWriter writer(*journal);
    const auto slow = journal->read_from(0);
    std::uint64_t number = 1;
    write_until(writer, number, 100);
    for (int step = 0; step < 50; ++step) slow->next();
    for (int round = 0; round < 40; ++round) {
        write_until(writer, number, number + 100);
        journal->checkpointed(journal->mark().position);
    }
    CHECK(bytes_in(settings.folder) <= settings.size_bytes);
    CHECK(journal->status().bytes == bytes_in(settings.folder));
    CHECK(journal->status().segments == segment_files(settings.folder).size());
    CHECK(journal->status().oldest_position > 51);

    const std::uint64_t had = requests(slow->counts());
    const auto out = read_out(*slow);
    REQUIRE(out.lost.size() == 1);
    CHECK(out.lost[0].reason == LossReason::journal_full);
    CHECK(out.lost[0].last == journal->status().oldest_position - 1);
    CHECK(had + out.numbers.size() + out.lost_requests() == number - 1);
    CHECK(out.counts == journal->mark().counts);

    const auto late = read_out(*journal, 0);
    CHECK(late.numbers.size() + late.lost_requests() == number - 1);
}

TEST_CASE("a reader that starts behind what is left is exact with its own counts, and cautious without") {
    const TestFolder folder;
    const auto settings = small(folder);
    const auto journal = opened(settings);
    Counts counts{};
    std::uint64_t position = 0;
    {
        DirectWriter writer(*journal);
        std::uint64_t number = 1;
        write_until(writer, number, 30);
        position = journal->mark().position;
        counts = journal->mark().counts;
        for (int round = 0; round < 40; ++round) {
            write_until(writer, number, number + 100);
            journal->checkpointed(journal->mark().position);
        }
    }
    const std::uint64_t all = requests(journal->mark().counts);
    const auto told = journal->read_from(position, counts);
    CHECK(told->counts() == counts);
    const auto exact = read_out(*told);
    CHECK(requests(counts) + exact.lost_requests() + exact.numbers.size() == all);
    CHECK(exact.counts == journal->mark().counts);
    const auto untold = read_out(*journal, position);
    CHECK(untold.lost_requests() == untold.lost_positions());
    CHECK(untold.lost_positions() == exact.lost_positions());
}

TEST_CASE("a file that somebody removed is no work of retention, whatever that removed before it") {
    const TestFolder folder;
    const auto settings = small(folder);
    const auto journal = opened(settings);
    DirectWriter writer(*journal);
    std::uint64_t number = 1;
    while (journal->status().oldest_position <= 1) {
        REQUIRE(number < 100'000);
        write_until(writer, number, number + 99);
        journal->checkpointed(journal->mark().position);
    }
    const std::uint64_t removed = journal->status().oldest_position - 1;
    REQUIRE(removed > 0);
    std::filesystem::remove(segment_files(settings.folder).front());
    const auto out = read_out(*journal);
    REQUIRE(out.lost.size() == 2);
    CHECK(out.lost[0].reason == LossReason::journal_full);
    CHECK(out.lost[0].last == removed);
    CHECK(out.lost[1].reason == LossReason::damaged);
    CHECK(out.lost_requests() + out.numbers.size() == number - 1);
    CHECK(out.counts == journal->mark().counts);
}

TEST_CASE("nothing goes that no checkpoint covers: the writer waits, and asks for one") {
    const TestFolder folder;
    const auto settings = small(folder);
    const auto journal = opened(settings);
    DirectWriter writer(*journal);
    CHECK_FALSE(journal->wants_checkpoint());
    Batch batch;
    add_requests(batch, 0, 1, 20);
    int kept = 0;
    while (writer.keep(batch)) ++kept;
    CHECK(journal->wants_checkpoint());
    CHECK(bytes_in(settings.folder) <= settings.size_bytes + 2 * segment_bytes(settings, false));
    CHECK(journal->status().problem.ends_with("the journal is full and no checkpoint covers its oldest segment"));
    CHECK(segment_files(settings.fallback.parent_path().parent_path()).empty());
    CHECK_FALSE(writer.keep(batch));
    journal->checkpointed(journal->mark().position);
    CHECK(writer.keep(batch));
    CHECK(journal->status().durable);
    CHECK_FALSE(journal->wants_checkpoint());
    CHECK(read_out(*journal).lost.size() == 1);
}

TEST_CASE(
    "a checkpoint that a power loss takes covers nothing that one does not: the journal goes on in the fallback") {
    const TestFolder folder;
    const auto settings = small(folder);
    const auto journal = opened(settings);
    DirectWriter writer(*journal);
    std::uint64_t number = 1;
    while (journal->status().durable) {
        write_until(writer, number, number);
        journal->checkpointed(journal->mark().position, true);
        journal->apply_retention(std::chrono::system_clock::now() + 1h);
    }
    CHECK(journal->status().oldest_position == 1);
    CHECK(bytes_in(settings.folder) > settings.size_bytes);
    CHECK(journal->wants_checkpoint());
    for (int round = 0; round < 40; ++round) write_until(writer, number, number + 100);
    CHECK(read_out(*journal).numbers.size() == number - 1);

    journal->checkpointed(journal->mark().position);  // one in the data folder
    writer.now += 6s;
    write_until(writer, number, number);
    CHECK(journal->status().durable);
    CHECK(journal->status().oldest_position > 1);
    CHECK(bytes_in(settings.folder) <= settings.size_bytes);
}

TEST_CASE("what every reader has passed goes after ten minutes, what one of them needs stays") {
    const TestFolder folder;
    auto settings = small(folder);
    settings.size_bytes = std::uint64_t{1} << 20;
    const auto journal = opened(settings);
    DirectWriter writer(*journal);
    const auto fast = journal->read_from(0);
    auto slow = journal->read_from(0);
    std::uint64_t number = 1;
    write_until(writer, number, 1000);
    const auto segments = journal->status().segments;
    REQUIRE(segments > 4);
    const auto now = std::chrono::system_clock::now();
    const auto position = journal->mark().position;

    journal->apply_retention(now + 11min);  // no checkpoint, nobody passed
    CHECK(journal->status().segments == segments);
    journal->checkpointed(position);
    fast->release(position);
    journal->apply_retention(now + 11min);
    CHECK(journal->status().segments == segments);
    slow->release(position / 2);
    journal->apply_retention(now + 9min);
    CHECK(journal->status().segments == segments);
    journal->apply_retention(now + 11min);
    CHECK(journal->status().segments < segments);
    CHECK(journal->status().oldest_position <= position / 2 + 1);
    CHECK(journal->status().segments > 1);
    slow.reset();
    journal->needed_after(position - 200);  // a sink whose store is down has no reader
    journal->apply_retention(now + 11min);
    CHECK(journal->status().oldest_position <= position - 199);
    CHECK(journal->status().segments == 2);
    journal->needed_after(position);
    journal->apply_retention(now + 11min);
    CHECK(journal->status().segments == 1);
    CHECK(segment_files(settings.folder).size() == 1);
}

TEST_CASE("the fallback goes round within its 32 MiB while checkpoints are made") {
    const TestFolder folder;
    auto settings = folder.settings();
    settings.size_bytes = std::uint64_t{1} << 30;
    settings.segment_bytes = 0;
    write_contents(folder.path() / "data", {});
    const auto journal = opened(settings);
    DirectWriter writer(*journal);
    const auto reader = journal->read_from(0);
    std::uint64_t number = 1;
    for (int round = 0; round < 80; ++round, number += 1000) {
        REQUIRE(writer.keep_requests(number, number + 999, 1000));
        CHECK(bytes_in(settings.fallback) <= std::uint64_t{32} << 20);
        if (round == 60) CHECK(journal->status().oldest_position > 1);
        if (journal->wants_checkpoint()) journal->checkpointed(journal->mark().position);
        if (round < 40) CHECK(read_out(*reader).lost.empty());
    }
    const auto out = read_out(*reader);
    CHECK(40'000 + out.numbers.size() + out.lost_requests() == number - 1);
    CHECK(out.lost_requests() > 0);
}

}  // namespace outrigger::journal
