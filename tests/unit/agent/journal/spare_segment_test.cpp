#include "agent/journal/spare_segment.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/unit/agent/journal/faulty_disk.h"
#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

using namespace std::chrono_literals;

bool soon(const std::function<bool()>& happens) {
    for (int i = 0; i < 500 && !happens(); ++i) std::this_thread::sleep_for(10ms);
    return happens();
}

// Batches until the next segment is begun; returns the number after the last one.
std::uint64_t fill_segment(DirectWriter& writer, const std::filesystem::path& folder, std::uint64_t number) {
    for (const auto before = segment_files(folder).size(); segment_files(folder).size() == before; number += 10)
        if (!writer.keep_requests(number, number + 9)) break;
    return number;
}

}  // namespace

TEST_CASE("a rotation takes the spare and allocates nothing; what it holds is read back") {
    const TestFolder folder;
    auto settings = folder.settings();
    const auto disk = std::make_shared<FaultyDisk>();
    settings.disk = disk;
    const auto journal = opened(settings);
    SpareSegment spare(journal->state());
    DirectWriter writer(*journal);
    writer.segments().use(spare);
    std::uint64_t number = 1;
    for (int round = 0; round < 3; ++round) {
        CAPTURE(round);
        REQUIRE(spare.make());
        const int allocations = disk->allocations;
        number = fill_segment(writer, settings.folder, number);
        CHECK(disk->allocations == allocations);
        CHECK_FALSE(spare.has(0));
    }
    CHECK(read_out(*journal).numbers == numbers(1, number - 1));
    CHECK(read_out(*journal).lost.empty());
}

TEST_CASE(
    "on a disk that has become full a rotation works as long as there is a spare, and the next one goes elsewhere") {
    const TestFolder folder;
    auto settings = folder.settings();
    const auto disk = std::make_shared<FaultyDisk>();
    settings.disk = disk;
    const auto journal = opened(settings);
    SpareSegment spare(journal->state());
    DirectWriter writer(*journal);
    writer.segments().use(spare);
    REQUIRE(spare.make());
    disk->full = settings.folder;
    std::uint64_t number = fill_segment(writer, settings.folder, 1);
    CHECK_FALSE(writer.segments().in_fallback());
    CHECK_FALSE(journal->wants_checkpoint());
    CHECK_FALSE(spare.make());
    CHECK(errors(*journal, "spare") == 1);
    CHECK(journal->wants_checkpoint());  // what it covers may go, so that there is room again

    for (; !writer.segments().in_fallback() && number < 10'000; number += 10)
        REQUIRE(writer.keep_requests(number, number + 9));
    CHECK(writer.segments().in_fallback());
    CHECK(read_out(*journal).numbers == numbers(1, number - 1));
}

TEST_CASE("a spare whose name is gone, or that is too small, is no reason to fail") {
    const TestFolder folder;
    const auto settings = folder.settings();
    const auto journal = opened(settings);
    SpareSegment spare(journal->state());
    DirectWriter writer(*journal);
    writer.segments().use(spare);
    REQUIRE(spare.make());
    REQUIRE(std::filesystem::remove(settings.folder / spare_name));
    const std::uint64_t number = fill_segment(writer, settings.folder, 1);
    REQUIRE(spare.make());
    REQUIRE(writer.keep_requests(number, number + 999));  // larger than a segment
    CHECK(spare.has(0));
    CHECK_FALSE(writer.segments().in_fallback());
    CHECK(read_out(*journal).numbers == numbers(1, number + 999));
}

TEST_CASE("the spare counts as the journal's, is not made beyond the budget, and goes in the end") {
    const TestFolder folder;
    auto settings = folder.settings();
    const auto journal = opened(settings);
    {
        SpareSegment spare(journal->state());
        DirectWriter writer(*journal);
        writer.segments().use(spare);
        const std::uint64_t before = journal->status().bytes;
        REQUIRE(spare.make());
        CHECK(journal->status().bytes == before + segment_bytes(settings, false));
        std::uint64_t number = 1;
        while (spare.make()) number = fill_segment(writer, settings.folder, number);
        CHECK(journal->status().bytes <= settings.size_bytes);
        CHECK(errors(*journal, "spare") == 0);
        journal->checkpointed(journal->mark().position);
        CHECK(spare.make());  // the oldest went
        CHECK(std::filesystem::exists(settings.folder / spare_name));
    }
    CHECK_FALSE(std::filesystem::exists(settings.folder / spare_name));
}

TEST_CASE("a spare that a killed agent left is removed at the next start, and is no stranger") {
    const TestFolder folder;
    const auto settings = folder.settings();
    std::filesystem::create_directories(settings.folder);
    write_contents(settings.folder / spare_name, as_payload("anything"));
    const auto journal = opened(settings);
    CHECK_FALSE(std::filesystem::exists(settings.folder / spare_name));
    CHECK(errors(*journal, "foreign") == 0);
}

TEST_CASE("while the writer runs there is always a spare again") {
    const TestFolder folder;
    const auto settings = folder.settings();
    const auto journal = opened(settings);
    SpareSegment spare(journal->state());
    DirectWriter writer(*journal);
    writer.segments().use(spare);
    spare.start();
    CHECK_FALSE(spare.has(0));  // not before the data folder is in use
    std::uint64_t number = fill_segment(writer, settings.folder, 1);
    for (int round = 0; round < 3; ++round) {
        REQUIRE(soon([&] { return spare.has(0); }));
        number = fill_segment(writer, settings.folder, number);
    }
    CHECK(read_out(*journal).numbers == numbers(1, number - 1));
}

}  // namespace outrigger::journal
