#include "agent/journal/segment_writer.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

// Remembers how many bytes each write had.
class WriteLog : public Disk {
  public:
    std::vector<std::size_t> bytes;
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override {
        const auto written = Disk::write(file, parts, offset);
        bytes.push_back(written.value_or(0));
        return written;
    }
};

}  // namespace

TEST_CASE("what is kept is read back: envelope, payload, identity, position") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    DirectWriter writer(*journal);
    Batch batch;
    batch.introduce(9, some_identity("shop"));
    batch.add({.kind = Kind::metric, .start = Start::arrival, .priority = -1, .kept = false, .arrival_us = -5},
              as_payload("odd"));
    batch.add({.emitter = 9, .number = 77, .arrival_us = 123}, as_payload("first of nine"));
    batch.add({.kind = Kind::flush}, {});
    REQUIRE(writer.keep(batch));

    const auto reader = journal->read_from(0);
    const Entry metric = reader->next().entry;
    CHECK(metric.position == 1);
    CHECK(metric.envelope.kind == Kind::metric);
    CHECK(metric.envelope.start == Start::arrival);
    CHECK(metric.envelope.priority == -1);
    CHECK_FALSE(metric.envelope.kept);
    CHECK(metric.envelope.arrival_us == -5);
    CHECK(metric.identity == nullptr);
    CHECK(std::ranges::equal(metric.payload, as_payload("odd")));

    const Entry identity = reader->next().entry;
    CHECK(identity.position == 2);
    CHECK(identity.envelope.kind == Kind::identity);
    CHECK(identity.envelope.emitter == 9);
    CHECK(identity.identity->service == "shop");

    const Entry request = reader->next().entry;
    CHECK(request.position == 3);
    CHECK(request.envelope.number == 77);
    CHECK(request.envelope.kept);
    CHECK(request.identity->uid == 1000);
    CHECK(request.identity->pid == 42);
    CHECK(request.identity->emitter == some_identity("").emitter);
    CHECK(std::ranges::equal(request.payload, as_payload("first of nine")));

    CHECK(reader->next().entry.payload.empty());
    CHECK(reader->next().what == Step::What::end);
    CHECK(reader->position() == 4);
    CHECK(reader->counts() == journal->mark().counts);
    CHECK(requests(reader->counts()) == 1);
    CHECK(journal->mark().position == 4);
    CHECK(writer.kept.size() == 4);
}

TEST_CASE("a full segment is followed by the next, which states identities anew") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    DirectWriter writer(*journal);
    for (std::uint64_t number = 1; number <= 900; number += 10) REQUIRE(writer.keep_requests(number, number + 9));

    const auto files = segment_files(folder.settings().folder);
    REQUIRE(files.size() > 3);
    const auto out = read_out(*journal);
    CHECK(out.numbers == numbers(1, 900));
    CHECK(out.lost.empty());
    CHECK(out.positions == numbers(1, 900 + files.size()));
    CHECK(out.counts[static_cast<std::size_t>(Kind::identity)] == files.size());
    CHECK(std::ranges::count(out.services, "shop") == 900);
    CHECK(out.counts == journal->mark().counts);
}

TEST_CASE("a batch larger than a segment gets a segment of its size, and lies in one") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(1, 3));
    REQUIRE(writer.keep_requests(4, 1000));
    CHECK(segment_files(folder.settings().folder).size() == 2);
    CHECK(read_out(*journal).numbers == numbers(1, 1000));
}

TEST_CASE("a reader that starts in the middle knows positions, counts and who is who") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    DirectWriter writer(*journal);
    for (std::uint64_t number = 1; number <= 900; number += 10) REQUIRE(writer.keep_requests(number, number + 9));
    const auto whole = journal->read_from(0);
    for (std::uint64_t position = 0; position <= journal->mark().position; position += 7) {
        while (whole->position() < position) whole->next();
        const auto reader = journal->read_from(position);
        REQUIRE(reader->counts() == whole->counts());
        REQUIRE(reader->position() == position);
        const auto out = read_out(*reader);
        REQUIRE(out.positions.size() == journal->mark().position - position);
        REQUIRE(std::ranges::count(out.services, "shop") == std::ssize(out.services));
        REQUIRE(out.counts == journal->mark().counts);
    }
}

TEST_CASE("a start finds everything again and goes on behind it") {
    const TestFolder folder;
    Uuid uuid{};
    std::uint64_t position = 0;
    for (std::uint64_t start = 0; start < 5; ++start) {
        const auto journal = opened(folder.settings());
        CHECK(journal->mark().position == position);
        if (start > 0) CHECK(journal->uuid() == uuid);
        uuid = journal->uuid();
        CHECK(requests(journal->mark().counts) == start * 300);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(start * 300 + 1, start * 300 + 300));
        if (start % 2 == 0) writer.close();
        position = journal->mark().position;
        const auto out = read_out(*journal);
        CHECK(out.numbers == numbers(1, start * 300 + 300));
        CHECK(out.lost.empty());
        CHECK(errors(*journal, "damaged") + errors(*journal, "torn") + errors(*journal, "missing") == 0);
    }
}

TEST_CASE("a reader at the end of one segment goes on in the next, though that was empty when it first looked") {
    const TestFolder folder;
    {
        const auto journal = opened(folder.settings());
        REQUIRE(DirectWriter(*journal).keep_requests(1, 5));
    }
    const auto journal = opened(folder.settings());
    const auto reader = journal->read_from(0);
    CHECK(read_out(*reader).numbers == numbers(1, 5));
    DirectWriter writer(*journal);
    CHECK(read_out(*reader).numbers.empty());
    REQUIRE(writer.keep_requests(6, 9));
    CHECK(read_out(*reader).numbers == numbers(6, 9));
}

TEST_CASE("small batches that are synced go where zeros were written many batches before") {
    constexpr std::size_t ahead = 256 * 1024;
    const TestFolder folder;
    auto settings = folder.settings();
    settings.segment_bytes = 3 * ahead / 2;
    settings.size_bytes = 16 * ahead;
    const auto disk = std::make_shared<WriteLog>();
    settings.disk = disk;
    const auto widest = [&] { return *std::ranges::max_element(disk->bytes); };

    SUBCASE("once in 256 KiB, and never beyond the segment's end") {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 10));
        CHECK(widest() > ahead / 2);
        disk->bytes.clear();
        for (std::uint64_t i = 1; i <= 100; ++i) REQUIRE(writer.keep_requests(10 * i + 1, 10 * i + 10));
        CHECK(disk->bytes.size() == 100);
        CHECK(widest() < 4096);
        for (std::uint64_t i = 101; i < 1'000; ++i) REQUIRE(writer.keep_requests(10 * i + 1, 10 * i + 10));
        CHECK(disk->bytes.size() < 1'010);
        CHECK(widest() < ahead);
        const auto files = segment_files(settings.folder);
        CHECK(files.size() > 1);
        for (const auto& file : files) CHECK(std::filesystem::file_size(file) <= 3 * ahead / 2);
        CHECK(read_out(*journal).numbers == numbers(1, 10'000));
    }
    SUBCASE("not where a batch is large, which pays for itself") {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 1000, 100));
        CHECK(disk->bytes.size() <= 2);  // the header and the batch
        CHECK(read_out(*journal).numbers == numbers(1, 1000));
    }
    SUBCASE("not where nothing is synced") {
        settings.durability = Durability::process;
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 10));
        CHECK(widest() <= header_bytes);
    }
}

}  // namespace outrigger::journal
