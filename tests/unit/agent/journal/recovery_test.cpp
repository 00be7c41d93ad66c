#include "agent/journal/recovery.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "agent/journal/inspection.h"
#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

std::uint64_t readable(Journal& journal) { return journal.state().view(journal.mark().position - 1).segment->readable; }

void flip(std::vector<std::byte>& bytes, std::size_t bit) { bytes[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8)); }

}  // namespace

TEST_CASE("a file cut at any byte keeps every batch that is whole, and the start goes on behind it") {
    const TestFolder folder;
    const auto settings = quick(folder);
    std::vector<std::pair<std::uint64_t, std::uint64_t>> ends;  // bytes, and the last number up to there
    std::vector<std::byte> image;
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        for (std::uint64_t first = 1, size = 1; first < 60; first += size++) {
            REQUIRE(writer.keep_requests(first, first + size - 1));
            ends.emplace_back(readable(*journal), first + size - 1);
        }
        image = contents(segment_files(settings.folder).front());
    }
    const auto file = segment_files(settings.folder).front();
    const std::uint64_t end = ends.back().first;
    REQUIRE(end > header_bytes + 4000);
    for (std::uint64_t cut = header_bytes; cut <= end; ++cut) {
        write_contents(file, Bytes(image).first(cut));
        std::uint64_t expected = 0;
        for (const auto& [bytes, number] : ends)
            if (bytes <= cut) expected = number;
        const auto journal = opened(settings);
        REQUIRE(requests(journal->mark().counts) == expected);
        if (cut % 61 != 0) continue;
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(expected + 1, expected + 2));
        const auto out = read_out(*journal);
        REQUIRE(out.numbers == numbers(1, expected + 2));
        REQUIRE(out.lost.empty());
        for (const auto& other : segment_files(settings.folder))
            if (other != file) std::filesystem::remove(other);
    }
}

TEST_CASE("every flipped bit of a closed segment is noticed, and what it cost is counted exactly") {
    const TestFolder folder;
    const auto settings = quick(folder);
    const Counts counts = fill(settings, 3, 6);
    const auto file = segment_files(settings.folder)[1];
    const auto image = contents(file);
    std::uint64_t costly = 0;
    for (std::size_t bit = 0; bit < image.size() * 8; ++bit) {
        const std::size_t at = bit / 8;
        const bool blank = at < header_bytes && at % header_copy_bytes > 160 && at % header_copy_bytes < 2044;
        if (blank && at % 97 != 0) continue;
        auto damaged = image;
        flip(damaged, bit);
        write_contents(file, damaged);
        const auto journal = opened(settings);
        REQUIRE(errors(*journal, "damaged") == 1);
        const auto out = read_out(*journal);
        REQUIRE(out.counts == counts);
        REQUIRE(out.numbers.size() + out.lost_requests() == 18);
        REQUIRE(out.positions.size() + out.lost_positions() == 21);
        REQUIRE(out.lost_positions() <= 1);
        for (const auto& step : out.lost) REQUIRE(step.reason == LossReason::damaged);
        costly += out.lost_positions();
        REQUIRE(errors(*journal, "damaged") == 1);
    }
    CHECK(costly == (image.size() - header_bytes - seal_bytes) * 8);
    CHECK(std::filesystem::exists(settings.folder / "quarantine" / file.filename()));
}

TEST_CASE("a seal that a power loss tore is neither damage nor loss, one with a flipped bit is damage") {
    const TestFolder folder;
    const auto settings = quick(folder);
    std::uint64_t torn = 0;
    for (std::size_t payload = 16; payload < 512; payload += 8) {  // the seal moves over the border of a block
        fill(settings, 1, 1);
        {
            const auto journal = opened(settings);
            DirectWriter writer(*journal);
            REQUIRE(writer.keep_requests(1, 3, payload));
            writer.close();
            REQUIRE(writer.keep_requests(4, 5, payload));
        }
        const auto file = segment_files(settings.folder)[1];
        auto bytes = contents(file);
        const std::size_t seal = bytes.size() - seal_bytes;
        const std::size_t border = (seal + 511) / 512 * 512;
        const bool crosses = border > seal && border < bytes.size();
        if (crosses && ++torn > 0) {
            for (const bool second : {false, true}) {
                auto image = bytes;
                std::fill(image.begin() + static_cast<std::ptrdiff_t>(second ? border : seal),
                          image.begin() + static_cast<std::ptrdiff_t>(second ? image.size() : border), std::byte{0});
                write_contents(file, image);
                Disk disk;
                CHECK(inspect(disk, settings.folder, {}, true).is_whole());
                const auto journal = opened(settings);
                CHECK(errors(*journal, "damaged") == 0);
                CHECK(read_out(*journal).lost.empty());
                image[bytes.size() - 3] ^= std::byte{4};
                write_contents(file, image);
                CHECK_FALSE(inspect(disk, settings.folder, {}, true).is_whole());
                CHECK(errors(*opened(settings), "damaged") == 1);
            }
        }
        std::filesystem::remove_all(settings.folder);
    }
    CHECK(torn > 5);
}

TEST_CASE("several holes in one segment: each has its number, together they have their kinds") {
    const TestFolder folder;
    const auto settings = quick(folder);
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        Batch batch;
        for (int round = 0; round < 10; ++round) {
            batch.add({.kind = Kind::metric}, as_payload("12345678"));
            batch.add({.kind = Kind::request}, as_payload("12345678"));
        }
        REQUIRE(writer.keep(batch));
        writer.close();
        REQUIRE(writer.keep_requests(1, 1));
    }
    const auto file = segment_files(settings.folder)[0];
    auto bytes = contents(file);
    const std::size_t each = entry_bytes(8);
    for (const std::size_t entry : {2U, 3U, 4U, 11U, 19U}) bytes[header_bytes + entry * each + 20] = std::byte{1};
    write_contents(file, bytes);

    const auto journal = opened(settings, 5);  // the checkpoint lies within
    const auto out = read_out(*journal);
    REQUIRE(out.lost.size() == 3);
    CHECK(out.lost[0].first == 3);
    CHECK(out.lost[0].last == 5);
    CHECK(out.lost[1].first == 12);
    CHECK(out.lost[2].last == 20);
    CHECK(out.lost_requests() == 3);
    CHECK(out.counts == journal->mark().counts);
    const auto later = read_out(*journal, 4);  // a reader that starts inside a hole
    CHECK(later.lost_positions() == 3);
    CHECK(later.counts == journal->mark().counts);
}

TEST_CASE("a tail of zeros is the end; zeros within are a loss") {
    const TestFolder folder;
    const auto settings = quick(folder);
    const Counts counts = fill(settings, 2, 20);
    const auto files = segment_files(settings.folder);
    auto bytes = contents(files[1]);
    bytes.resize(bytes.size() + 9000);
    write_contents(files[1], bytes);
    CHECK(read_out(*opened(settings)).lost.empty());

    bytes = contents(files[0]);
    std::fill_n(bytes.begin() + header_bytes + 400, 200, std::byte{0});
    write_contents(files[0], bytes);
    const auto journal = opened(settings);
    const auto out = read_out(*journal);
    CHECK(out.numbers.size() < 40);
    CHECK(out.numbers.size() + out.lost_requests() == 40);
    CHECK(out.counts == counts);
}

TEST_CASE("a lost end of the last segment is cut, a hole within it is counted") {
    const TestFolder folder;
    const auto settings = quick(folder);
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        for (std::uint64_t number = 1; number <= 30; number += 10) REQUIRE(writer.keep_requests(number, number + 9));
    }
    const auto file = segment_files(settings.folder)[0];
    auto bytes = contents(file);
    bytes[header_bytes + 1000] ^= std::byte{1};
    write_contents(file, bytes);
    const auto journal = opened(settings);
    CHECK(journal->mark().position == 31);
    const auto out = read_out(*journal);
    CHECK(out.numbers.size() == 29);
    CHECK(out.lost_requests() == 1);
    CHECK(errors(*journal, "damaged") == 1);
    CHECK(std::filesystem::file_size(file) < bytes.size());
}

TEST_CASE("an emitter whose identity was lost is nobody, its requests are not") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 2, 5);
    const auto file = segment_files(settings.folder)[0];
    auto bytes = contents(file);
    bytes[header_bytes + 50] ^= std::byte{1};
    write_contents(file, bytes);
    const auto out = read_out(*opened(settings));
    CHECK(out.numbers == numbers(1, 10));
    CHECK(out.services == std::vector<std::string>{"", "", "", "", "", "shop", "shop", "shop", "shop", "shop"});
    REQUIRE(out.lost.size() == 1);
    CHECK(out.lost[0].counts[static_cast<std::size_t>(Kind::identity)] == 1);
}

TEST_CASE("what is not ours is ignored and counted, and left where it is") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 2, 5);
    const auto in = [&](const char* name) { return settings.folder / name; };
    write_contents(in("notes.txt"), as_payload("hello"));
    write_contents(in("1.seg"), as_payload("hello"));
    std::filesystem::create_directories(settings.fallback);
    write_contents(settings.fallback / "checkpoint.a", as_payload("not the journal's"));
    std::filesystem::create_directory(in("00000000000000aa.seg"));
    std::filesystem::create_symlink(segment_files(settings.folder)[0], in("00000000000000bb.seg"));
    write_contents(in("00000000000000cc.seg.new"), as_payload("unfinished"));
    const auto journal = opened(settings);
    CHECK(errors(*journal, "foreign") == 4);
    CHECK(errors(*journal, "damaged") == 0);
    CHECK(read_out(*journal).numbers == numbers(1, 10));
    CHECK(std::filesystem::exists(in("notes.txt")));
    CHECK_FALSE(std::filesystem::exists(in("00000000000000cc.seg.new")));
}

TEST_CASE("a segment without a readable header goes to quarantine, and its loss is exact") {
    const TestFolder folder;
    const auto settings = quick(folder);
    const Counts counts = fill(settings, 3, 5);
    const auto file = segment_files(settings.folder)[1];
    auto bytes = contents(file);
    bytes[100] ^= std::byte{1};
    bytes[header_copy_bytes + 100] ^= std::byte{1};
    write_contents(file, bytes);
    const auto journal = opened(settings);
    CHECK(errors(*journal, "damaged") == 1);
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK(contents(settings.folder / "quarantine" / file.filename()) == bytes);
    const auto out = read_out(*journal);
    CHECK(out.lost_requests() == 5);
    CHECK(out.lost_positions() == 6);
    CHECK(out.counts == counts);
}

TEST_CASE("deleted segments are counted exactly: the first, one in the middle, the last") {
    for (const std::size_t deleted : {0U, 1U, 2U}) {
        CAPTURE(deleted);
        const TestFolder folder;
        const auto settings = quick(folder);
        const Counts counts = fill(settings, 3, 5);
        std::filesystem::remove(segment_files(settings.folder)[deleted]);
        const auto journal = opened(settings);
        DirectWriter writer(*journal, 19, counts);  // as a checkpoint at 18 would have it
        REQUIRE(writer.keep_requests(16, 17));
        const auto out = read_out(*journal);
        CHECK(out.numbers.size() == 12);
        REQUIRE(out.lost.size() == 1);
        CHECK(out.lost[0].first == deleted * 6 + 1);
        CHECK(out.lost[0].last == deleted * 6 + 6);
        CHECK(out.lost_requests() == 5);
        CHECK(out.lost[0].reason == (deleted == 0 ? LossReason::journal_full : LossReason::damaged));
        CHECK(out.counts == journal->mark().counts);
        CHECK(requests(out.counts) == 17);
    }
}

TEST_CASE("a copied segment is read once, a renamed one is still read") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 3, 5);
    const auto files = segment_files(settings.folder);
    std::filesystem::copy_file(files[0], settings.folder / "0000000000000077.seg");
    std::filesystem::rename(files[1], settings.folder / "0000000000000055.seg");
    const auto journal = opened(settings);
    CHECK(errors(*journal, "foreign") == 1);
    DirectWriter writer(*journal);
    for (std::uint64_t number = 16; number <= 2000; number += 20) REQUIRE(writer.keep_requests(number, number + 19));
    const auto out = read_out(*journal);
    CHECK(out.lost.empty());
    CHECK(out.numbers.front() == 1);
    CHECK(std::ranges::is_sorted(out.numbers));
}

TEST_CASE("a new uuid holds for what comes after it, and is found again") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 1, 5);
    Uuid fresh{};
    fresh[3] = 9;
    {
        const auto journal = opened(settings);
        CHECK(journal->uuid() != fresh);
        journal->set_uuid(fresh);
        REQUIRE(DirectWriter(*journal).keep_requests(6, 7));
    }
    const auto journal = opened(settings);
    CHECK(journal->uuid() == fresh);
    CHECK(errors(*journal, "foreign") == 0);
    CHECK(read_out(*journal).numbers == numbers(1, 7));
}

}  // namespace outrigger::journal
