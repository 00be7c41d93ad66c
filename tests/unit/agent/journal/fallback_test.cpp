// What the journal does when the disk does not: errors of write and sync, a full disk, a folder that cannot be written.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>

#include "tests/unit/agent/journal/broken.h"

namespace outrigger::journal {
TEST_CASE("short and interrupted writes are continued") {
    Broken broken;
    broken.disk->longest_write = 7;
    broken.disk->interrupted = true;
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(1, 50));
    CHECK(read_out(*journal).numbers == numbers(1, 50));
    CHECK(errors(*journal, "write") == 0);
}

TEST_CASE("after an error of sync or write the segment is never trusted again, and nothing is lost or doubled") {
    for (const bool write : {false, true}) {
        CAPTURE(write);
        Broken broken;
        {
            const auto journal = opened(broken.settings);
            DirectWriter writer(*journal);
            const auto reader = journal->read_from(0);
            REQUIRE(writer.keep_requests(1, 5));
            const auto first = segment_files(broken.settings.folder)[0];
            const auto kept = std::filesystem::file_size(first);
            (write ? broken.disk->failing_writes : broken.disk->failing_syncs) = 1;
            REQUIRE(writer.keep_requests(6, 9));
            CHECK(std::filesystem::file_size(first) < kept);  // what was not kept is gone from it
            REQUIRE(writer.keep_requests(10, 12));
            CHECK(errors(*journal, write ? "write" : "sync") == 1);
            CHECK(journal->status().durable);
            CHECK(writer.said.empty());
            CHECK(read_out(*reader).numbers == numbers(1, 12));
            const auto position = journal->mark().position;
            CHECK(journal->state().view(position - 1).segment->header.generation == 1);
        }
        const auto journal = opened(broken.settings);
        const auto out = read_out(*journal);
        CHECK(out.numbers == numbers(1, 12));
        CHECK(out.lost.empty());
        CHECK(errors(*journal, "damaged") + errors(*journal, "missing") == 0);
        DirectWriter writer(*journal);
        CHECK(journal->state().view(journal->mark().position - 1).segment->header.generation == 1);
    }
}

TEST_CASE("a data folder that makes segments and takes nothing into them is as good as none, and is tried again") {
    Broken broken;
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(1, 5));
    broken.disk->failing_writes = 2;  // in the segment at hand, and in a new one
    REQUIRE(writer.keep_requests(6, 9));
    CHECK(writer.segments().in_fallback());
    CHECK(!journal->status().durable);
    CHECK(journal->status().problem.find("write") != std::string::npos);
    REQUIRE(writer.keep_requests(10, 12));
    CHECK(writer.segments().in_fallback());
    writer.now += std::chrono::seconds(6);
    REQUIRE(writer.keep_requests(13, 14));
    CHECK(journal->status().durable);
    CHECK(writer.said.size() == 2);
    CHECK(read_out(*journal).numbers == numbers(1, 14));
}

TEST_CASE("what a killed agent left is synced before it counts as kept") {
    Broken broken;
    REQUIRE(DirectWriter(*opened(broken.settings)).keep_requests(1, 5));
    const int before = broken.disk->syncs;
    auto journal = opened(broken.settings);
    CHECK(broken.disk->syncs == before + 1);
    broken.disk->failing_syncs = 1;
    journal = opened(broken.settings);
    CHECK(errors(*journal, "sync") == 1);
    CHECK(read_out(*journal).numbers == numbers(1, 5));
    const int after = broken.disk->syncs;
    broken.settings.durability = Durability::process;
    journal = opened(broken.settings);
    CHECK(broken.disk->syncs == after);
}

TEST_CASE("an old segment that still shows what was written anew under a higher generation does not count") {
    Broken broken;
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(1, 5));
    const auto first = segment_files(broken.settings.folder)[0];
    broken.disk->failing_syncs = 1;
    std::vector<std::byte> image;
    REQUIRE(writer.keep_requests(6, 9));
    {  // the file as a crash could bring it back: the refused batch reached the disk after all
        const TestFolder twin;
        const auto other = opened(twin.settings());
        other->set_uuid(journal->uuid());
        DirectWriter again(*other);
        REQUIRE(again.keep_requests(1, 5));
        REQUIRE(again.keep_requests(6, 9));
        image = contents(segment_files(twin.settings().folder)[0]);
    }
    write_contents(first, image);
    const auto after = opened(broken.settings);
    CHECK(read_out(*after).numbers == numbers(1, 9));
    CHECK(read_out(*after).lost.empty());
    CHECK(errors(*after, "foreign") == 0);
}

TEST_CASE("a full disk sends the journal to the fallback, and back as soon as there is room") {
    Broken broken;
    {
        const auto journal = opened(broken.settings);
        DirectWriter writer(*journal);
        const auto reader = journal->read_from(0);
        REQUIRE(writer.keep_requests(1, 100));
        broken.disk->full = broken.folder.path() / "data";
        std::uint64_t number = 101;
        while (journal->status().durable) {
            REQUIRE(writer.keep_requests(number, number + 9));
            number += 10;
        }
        REQUIRE(writer.said.size() == 1);
        CHECK(writer.said[0] == "cannot write the journal (" + broken.settings.folder.string() +
                                    ": open: No space left on device): writes to " + broken.settings.fallback.string() +
                                    " instead, which a power loss does not survive");
        CHECK(journal->status().problem.find("No space left") != std::string::npos);
        const int syncs = broken.disk->syncs;
        REQUIRE(writer.keep_requests(number, number + 9));
        CHECK(broken.disk->syncs == syncs);

        writer.now += std::chrono::seconds(6);  // still full
        REQUIRE(writer.keep_requests(number + 10, number + 19));
        CHECK(writer.said.size() == 1);
        CHECK(errors(*journal, "open") == 2);
        broken.disk->full.clear();
        writer.now += std::chrono::seconds(1);  // room, but not looked at yet
        writer.segments().open(writer.now);
        CHECK_FALSE(journal->status().durable);
        writer.now += std::chrono::seconds(5);
        writer.segments().open(writer.now);
        CHECK(journal->status().durable);
        CHECK(journal->status().problem.empty());
        REQUIRE(writer.said.size() == 2);
        CHECK(writer.said[1] == "the journal is written to " + broken.settings.folder.string() + " again");
        REQUIRE(writer.keep_requests(number + 20, 1000));
        CHECK(read_out(*reader).numbers == numbers(1, 1000));
        CHECK(segment_files(broken.settings.fallback).size() == 1);
    }
    const auto journal = opened(broken.settings);
    CHECK(read_out(*journal).numbers == numbers(1, 1000));
    std::filesystem::remove_all(broken.settings.fallback);  // what a reboot does
    const auto after = opened(broken.settings);
    const auto out = read_out(*after);
    CHECK(out.numbers.size() + out.lost_requests() == 1000);
    CHECK(out.lost_requests() > 20);
    CHECK(out.counts == after->mark().counts);
}

TEST_CASE("a data folder that cannot be made: the journal runs in the fallback from the start") {
    Broken broken;
    write_contents(broken.folder.path() / "data", {});  // a file where the folder should be
    {
        const auto journal = opened(broken.settings);
        CHECK(journal->status().problem == broken.settings.folder.string() + ": open: Not a directory");
        DirectWriter writer(*journal);
        CHECK_FALSE(journal->status().durable);
        REQUIRE(writer.said.size() == 1);
        CHECK(writer.said[0].find("Not a directory") != std::string::npos);
        REQUIRE(writer.keep_requests(1, 10));
    }
    {
        const auto journal = opened(broken.settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(11, 20));
        CHECK(read_out(*journal).numbers == numbers(1, 20));
        std::filesystem::remove(broken.folder.path() / "data");
        writer.now += std::chrono::seconds(6);
        REQUIRE(writer.keep_requests(21, 30));
        CHECK(journal->status().durable);
    }
    CHECK(read_out(*opened(broken.settings)).numbers == numbers(1, 30));
}

TEST_CASE("a data folder that turns up later with a history of its own is not mixed with ours") {
    Broken broken;
    const auto data = broken.folder.path() / "data";
    const auto elsewhere = broken.folder.path() / "elsewhere";
    REQUIRE(DirectWriter(*opened(broken.settings)).keep_requests(1, 7));
    std::filesystem::rename(data, elsewhere);
    write_contents(data, {});
    {
        const auto journal = opened(broken.settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 3));
        std::filesystem::remove(data);
        std::filesystem::rename(elsewhere, data);
        writer.now += std::chrono::seconds(6);
        REQUIRE(writer.keep_requests(4, 5));
        CHECK_FALSE(journal->status().durable);
        CHECK(errors(*journal, "foreign") == 1);
        CHECK(read_out(*journal).numbers == numbers(1, 5));
    }
    const auto journal = opened(broken.settings);
    CHECK(read_out(*journal).numbers == numbers(1, 7));
    CHECK(errors(*journal, "foreign") == 1);
}

TEST_CASE("when nothing can be written nothing is acknowledged, and the batch waits") {
    Broken broken;
    broken.disk->full = broken.folder.path();
    broken.disk->full_code = EROFS;
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.said.size() == 1);
    CHECK(writer.said[0].ends_with("nothing is acknowledged until it can be written again"));
    Batch batch;
    batch.introduce(1, some_identity("shop"));
    add_requests(batch, 1, 1, 4);
    CHECK_FALSE(writer.keep(batch));
    CHECK_FALSE(writer.keep(batch));
    CHECK(writer.kept.empty());
    CHECK(journal->mark().position == 0);
    CHECK_FALSE(journal->status().durable);
    broken.disk->full.clear();
    CHECK(writer.keep(batch));
    CHECK(journal->status().durable);
    CHECK(read_out(*journal).numbers == numbers(1, 4));
    CHECK(writer.said.size() == 2);
}

TEST_CASE("a disk whose syncs all fail ends in the fallback, with every batch once") {
    Broken broken;
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(1, 5));
    broken.disk->failing_syncs = 1'000'000;
    REQUIRE(writer.keep_requests(6, 9));
    CHECK_FALSE(journal->status().durable);
    REQUIRE(writer.keep_requests(10, 12));
    CHECK(read_out(*journal).numbers == numbers(1, 12));
    CHECK(read_out(*opened(broken.settings)).numbers == numbers(1, 12));
}

TEST_CASE("the running writer holds a batch back until it can be kept, and gives up when it is told to stop") {
    Broken broken;
    broken.disk->full = broken.folder.path();
    const auto journal = opened(broken.settings);
    int acknowledged = 0;
    WriterHooks hooks;
    hooks.acknowledged = [&](std::span<const Receipt>) { ++acknowledged; };
    Writer writer(*journal, 1, {}, hooks);
    Batch batch;
    add_requests(batch, 0, 1, 4);
    REQUIRE(writer.offer(batch));
    CHECK_FALSE(writer.stop(std::chrono::milliseconds(1)));
    CHECK(acknowledged == 0);
    CHECK(journal->mark().position == 0);
}

TEST_CASE(
    "a folder that is deleted or moved away under the journal is made again; what was in it is lost, and counted") {
    for (const bool moved : {false, true}) {
        CAPTURE(moved);
        Broken broken;
        const auto journal = opened(broken.settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 5));
        if (moved) std::filesystem::rename(broken.folder.path() / "data", broken.folder.path() / "elsewhere");
        std::filesystem::remove_all(broken.folder.path() / "data");
        REQUIRE(writer.keep_requests(6, 9));
        CHECK(errors(*journal, "missing") == 1);
        CHECK(journal->status().durable);
        const auto out = read_out(*journal);
        CHECK(out.numbers == numbers(6, 9));
        CHECK(out.lost_requests() == 5);
        CHECK(read_out(*opened(broken.settings)).numbers == numbers(6, 9));
    }
}

TEST_CASE("with nothing left and nowhere to write, a reader has nothing to say, and says it") {
    Broken broken;
    broken.disk->full = broken.folder.path();
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal, 11, {0, 7});  // as the checkpoint has it
    const auto reader = journal->read_from(4, Counts{0, 3});
    CHECK(requests(reader->counts()) == 3);
    CHECK(reader->next().what == Step::What::end);
    broken.disk->full.clear();
    REQUIRE(writer.keep_requests(1, 2));
    const auto out = read_out(*reader);
    CHECK(out.numbers == numbers(1, 2));
    CHECK(out.lost_requests() == 4);
    CHECK(requests(out.counts) == 9);
}

TEST_CASE("a disk that does not answer is asked again; a page it never gives is a loss, counted") {
    Broken broken;
    Counts counts{};
    {
        const auto journal = opened(broken.settings);
        DirectWriter writer(*journal);
        for (std::uint64_t number = 1; number <= 300; number += 10) REQUIRE(writer.keep_requests(number, number + 9));
        counts = journal->mark().counts;
    }
    const auto journal = opened(broken.settings, counts[static_cast<std::size_t>(Kind::request)]);
    const auto reader = journal->read_from(0);
    broken.disk->failing_reads = 1;
    CHECK(reader->next().what == Step::What::retry);
    broken.disk->bad_page = 9000;
    const auto out = read_out(*reader);
    CHECK(out.retries >= 3);
    CHECK(out.lost_requests() > 10);
    CHECK(out.numbers.size() + out.lost_requests() == 300);
    CHECK(out.counts == counts);
    CHECK(errors(*journal, "read") == static_cast<std::uint64_t>(out.retries) + 1);
}

}  // namespace outrigger::journal
