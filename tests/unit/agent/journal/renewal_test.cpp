#include "agent/journal/renewal.h"

#include <doctest/doctest.h>

#include "tests/unit/agent/journal/broken.h"
#include "tests/unit/agent/journal/platter_disk.h"

namespace outrigger::journal {
namespace {

struct OnPlatter {
    TestFolder folder;
    std::shared_ptr<PlatterDisk> disk = std::make_shared<PlatterDisk>();
    JournalSettings settings = with_disk();

    JournalSettings with_disk() const {
        auto made = folder.settings();
        made.disk = disk;
        return made;
    }
    // An agent that keeps 1 to 5 and is killed in the sync of 6 to 9, which fails.
    void killed_in_a_failing_sync() const {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 5));
        disk->failing_syncs = 1;
        disk->dies_in_sync = true;
        REQUIRE_FALSE(writer.keep_requests(6, 9));
        disk->dead = disk->dies_in_sync = false;
    }
};

std::uint64_t last_generation(Journal& journal) {
    return journal.state().view(journal.mark().position - 1).segment->header.generation;
}

}  // namespace

TEST_CASE("what a start finds after a sync that failed is on disk before it counts as kept") {
    const OnPlatter on;
    on.killed_in_a_failing_sync();
    CHECK(read_out(*opened(on.settings)).numbers == numbers(1, 9));  // the page cache shows it: now it is kept
    on.disk->power_cut(on.settings.folder);
    const auto journal = opened(on.settings);
    CHECK(read_out(*journal).numbers == numbers(1, 9));
    CHECK(errors(*journal, "damaged") + errors(*journal, "torn") == 0);
}

TEST_CASE("a segment whose sync fails at start is written anew: same positions, a higher generation, nothing twice") {
    for (const bool old_stays : {false, true}) {
        CAPTURE(old_stays);
        const OnPlatter on;
        on.killed_in_a_failing_sync();
        on.disk->failing_syncs = 1;
        on.disk->keeps_names = old_stays;
        Counts counts{};
        {
            const auto journal = opened(on.settings);
            counts = journal->mark().counts;
            CHECK(errors(*journal, "sync") == 1);
            CHECK(last_generation(*journal) == 1);
            const auto out = read_out(*journal);
            CHECK(out.numbers == numbers(1, 9));
            CHECK(out.positions == numbers(1, 10));
            CHECK(out.services.back() == "shop");
            CHECK(segment_files(on.settings.folder).size() == (old_stays ? 2 : 1));
        }
        on.disk->keeps_names = false;
        on.disk->power_cut(on.settings.folder);
        const auto journal = opened(on.settings);
        CHECK(journal->mark().counts == counts);
        CHECK(errors(*journal, "damaged") == 0);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(10, 12));
        CHECK(last_generation(*journal) == 1);
        CHECK(read_out(*journal).numbers == numbers(1, 12));
        CHECK(read_out(*journal).lost.empty());
        on.disk->power_cut(on.settings.folder);
        CHECK(read_out(*opened(on.settings)).numbers == numbers(1, 12));
    }
}

TEST_CASE("a sealed segment is written anew with its seal, and one with a hole keeps its positions and its counts") {
    for (const bool sealed : {false, true}) {
        CAPTURE(sealed);
        Broken broken;
        Counts counts{};
        {
            const auto journal = opened(broken.settings);
            DirectWriter writer(*journal);
            REQUIRE(writer.keep_requests(1, 5));
            REQUIRE(writer.keep_requests(6, 9));
            if (sealed) writer.close();
            counts = journal->mark().counts;
        }
        const auto file = segment_files(broken.settings.folder).front();
        auto bytes = contents(file);
        bytes[header_bytes + 400] ^= std::byte{1};
        write_contents(file, bytes);
        broken.disk->failing_syncs = 1;
        const auto journal = opened(broken.settings);
        CHECK(journal->mark().counts == counts);
        CHECK(last_generation(*journal) == 1);
        const auto out = read_out(*journal);
        CHECK(out.numbers.size() == 8);
        CHECK(out.lost_positions() == 1);
        CHECK(out.lost_requests() == 1);
        CHECK(out.counts == counts);
        CHECK(out.positions.back() == 10);
        broken.disk->failing_syncs = 0;
        const auto after = opened(broken.settings);
        CHECK(after->mark().counts == counts);
        CHECK(read_out(*after).lost_requests() == 1);
    }
}

TEST_CASE("a disk that neither syncs nor takes a new segment keeps the old one: it is counted, and the start goes on") {
    Broken broken;
    {
        const auto journal = opened(broken.settings);
        REQUIRE(DirectWriter(*journal).keep_requests(1, 5));
    }
    broken.disk->failing_syncs = 1'000'000;
    const auto journal = opened(broken.settings);
    CHECK(errors(*journal, "sync") == 2);
    CHECK(last_generation(*journal) == 0);
    CHECK(read_out(*journal).numbers == numbers(1, 5));
    CHECK(segment_files(broken.settings.folder).size() == 1);
}

}  // namespace outrigger::journal
