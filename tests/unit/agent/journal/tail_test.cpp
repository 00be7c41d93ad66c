#include "agent/journal/tail.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>

#include "agent/journal/inspection.h"
#include "shared/little_endian.h"
#include "tests/unit/agent/journal/faulty_disk.h"
#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

// A journal that a killed agent left: two batches of three requests, the second one begins at `second`.
struct Killed {
    explicit Killed(std::size_t payload_bytes = 40) {
        settings = folder.settings();
        settings.durability = Durability::process;
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 3, payload_bytes));
        second = readable(*journal);
        REQUIRE(writer.keep_requests(4, 6, payload_bytes));
        end = readable(*journal);
        file = segment_files(settings.folder).front();
        image = contents(file);
    }
    static std::uint64_t readable(Journal& journal) {
        return journal.state().view(journal.mark().position - 1).segment->readable;
    }
    std::unique_ptr<Journal> start_with(Bytes bytes, std::uint64_t checkpoint = 0, std::uint64_t kept = 0) const {
        std::filesystem::remove_all(settings.folder / "quarantine");
        write_contents(file, bytes);
        return std::move(*Journal::open(settings, checkpoint, kept));
    }

    TestFolder folder;
    JournalSettings settings;
    std::uint64_t second = 0, end = 0;
    std::filesystem::path file;
    std::vector<std::byte> image;
};

void zero(std::vector<std::byte>& bytes, std::uint64_t from, std::uint64_t to) {
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to),
              std::byte{0});
}

void require_first_batch_alone(Journal& journal) {
    const auto out = read_out(journal);
    REQUIRE(out.numbers == numbers(1, 3));
    REQUIRE(out.lost.empty());
}

}  // namespace

TEST_CASE("each flipped bit of the last batch of a killed agent's journal is damage, counted and set aside") {
    const Killed killed;
    for (std::size_t bit = killed.second * 8; bit < killed.end * 8; ++bit) {
        CAPTURE(bit / 8 - killed.second);
        auto damaged = killed.image;
        damaged[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
        const auto journal = killed.start_with(damaged);
        REQUIRE(errors(*journal, "damaged") == 1);
        REQUIRE(errors(*journal, "torn") == 0);
        const auto out = read_out(*journal);
        REQUIRE(out.counts == journal->mark().counts);
        REQUIRE(out.numbers.size() + out.lost_requests() == 6);
        REQUIRE(out.lost_requests() == 1);
        REQUIRE(out.lost[0].reason == LossReason::damaged);
        REQUIRE(std::filesystem::exists(killed.settings.folder / "quarantine"));
    }
}

TEST_CASE("what can still be read of a damaged last batch keeps its kind, and the rest alone is a loss") {
    const TestFolder folder;
    auto settings = folder.settings();
    settings.durability = Durability::process;
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 3));
        Batch batch;
        Envelope metric;
        metric.kind = Kind::metric;
        batch.add(metric, as_payload("metric"));
        add_requests(batch, 1, 4, 4);
        REQUIRE(writer.keep(batch));
    }
    const auto file = segment_files(settings.folder).front();
    auto bytes = contents(file);
    const auto last = std::find_if(bytes.rbegin(), bytes.rend(), [](std::byte byte) { return byte != std::byte{0}; });
    *last ^= std::byte{1};
    write_contents(file, bytes);
    const auto journal = opened(settings);
    const auto out = read_out(*journal);
    CHECK(out.positions.size() == 5);  // the identity, three requests and the metric
    REQUIRE(out.lost.size() == 1);
    CHECK(out.lost_positions() == 1);
    CHECK(out.lost_requests() == 1);
    CHECK(out.counts == journal->mark().counts);
}

TEST_CASE("behind a head or a length that leads astray, what can be read of a damaged last batch is read") {
    const TestFolder folder;
    auto settings = folder.settings();
    settings.durability = Durability::process;
    std::uint64_t second = 0;
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 3, 40));
        second = Killed::readable(*journal);
        REQUIRE(writer.keep_requests(4, 7, 40));
    }
    const auto file = segment_files(settings.folder).front();
    auto image = contents(file);
    constexpr std::size_t entry = entry_bytes(40);
    image[second + 4 * entry - 1] ^= std::byte{1};  // the last one of the batch
    for (const bool length : {false, true}) {
        CAPTURE(length);
        auto bytes = image;
        if (length)
            store(&bytes[second + 4], static_cast<std::uint32_t>(2 * entry + entry / 2 - head_bytes));
        else
            bytes[second + 8] ^= std::byte{0x80};  // its kind
        write_contents(file, bytes);
        Disk disk;
        CHECK(inspect(disk, settings.folder, {}, true).files.front().last() == 8);  // one identity
        {
            const auto journal = opened(settings);
            CHECK(errors(*journal, "damaged") == 1);
            CHECK(journal->mark().position == 8);
            DirectWriter writer(*journal);
            REQUIRE(writer.keep_requests(8, 9));
        }
        const auto journal = opened(settings);
        const auto out = read_out(*journal);
        CHECK(out.numbers == std::vector<std::uint64_t>{1, 2, 3, 5, 6, 8, 9});
        CHECK(out.lost_requests() == 2);
        CHECK(out.lost_positions() == out.lost_requests());
        CHECK(out.counts == journal->mark().counts);
        std::filesystem::remove_all(settings.folder);
        std::filesystem::create_directories(settings.folder);
    }
}

TEST_CASE("what a cursor knows of damage before it is what the mark says, and nothing is pending beyond") {
    const TestFolder folder;
    auto settings = folder.settings();
    settings.durability = Durability::process;
    std::uint64_t position = 0;
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 3));
        Batch batch;
        Envelope metric;
        metric.kind = Kind::metric;
        batch.add(metric, as_payload("a metric"));
        REQUIRE(writer.keep(batch));
        REQUIRE(writer.keep_requests(4, 6));
        position = journal->mark().position;
        REQUIRE(writer.keep_requests(7, 9));
        // as a kill leaves it
        const auto file = segment_files(settings.folder).front();
        auto bytes = contents(file);
        const std::string_view text = "a metric";
        const auto at = std::ranges::search(bytes, as_payload(text)).begin();
        *at ^= std::byte{1};
        write_contents(folder.path() / "damaged", bytes);
    }
    std::filesystem::rename(folder.path() / "damaged", segment_files(settings.folder).front());
    for (const bool known : {false, true}) {
        CAPTURE(known);
        settings.known.clear();
        if (known) settings.known = {{position, 6}};
        const auto journal = opened(settings, position);
        CHECK(requests(journal->mark().counts) == (known ? 9 : 10));
        const auto reader = journal->read_from(position, requests_alone(6));
        const auto out = read_out(*reader);
        CHECK(out.numbers == numbers(7, 9));
        CHECK(out.lost.empty());
        if (known) CHECK(requests(out.counts) == requests(journal->mark().counts));
    }
}

TEST_CASE("what a cursor beyond the journal's end knows bounds what was damaged before it, too") {
    const TestFolder folder;
    auto settings = folder.settings();
    settings.durability = Durability::process;
    std::uint64_t position = 0, end = 0;
    std::vector<std::byte> bytes;
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        Batch batch;
        Envelope metric;
        metric.kind = Kind::metric;
        REQUIRE(writer.keep_requests(1, 3));
        batch.add(metric, as_payload("a metric"));
        REQUIRE(writer.keep(batch));
        REQUIRE(writer.keep_requests(4, 6));
        end = Killed::readable(*journal);
        Batch lost;
        lost.add(metric, as_payload("lost"));
        REQUIRE(writer.keep(lost));
        position = journal->mark().position;
        bytes = contents(segment_files(settings.folder).front());
    }
    const std::string_view text = "a metric";
    *std::ranges::search(bytes, as_payload(text)).begin() ^= std::byte{1};
    bytes.resize(end);
    write_contents(segment_files(settings.folder).front(), bytes);
    settings.known = {{position, 6}};
    const auto journal = opened(settings, position);
    CHECK(journal->mark().position == position - 1);
    CHECK(requests(journal->mark().counts) == 6);
    DirectWriter writer(*journal, position + 1, journal->mark().counts);
    REQUIRE(writer.keep_requests(7, 9));
    const auto out = read_out(*journal->read_from(position, requests_alone(6)));
    CHECK(out.numbers == numbers(7, 9));
    CHECK(requests(out.counts) == 9);
    CHECK(requests(journal->mark().counts) == 9);
}

TEST_CASE("the start after a damaged tail goes on behind it, and so does the one after that") {
    const Killed killed;
    auto damaged = killed.image;
    damaged[killed.end - 10] ^= std::byte{1};
    {
        const auto journal = killed.start_with(damaged);
        CHECK(journal->mark().position == 7);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(7, 8));
    }
    const auto journal = opened(killed.settings);
    const auto out = read_out(*journal);
    CHECK(out.numbers == std::vector<std::uint64_t>{1, 2, 3, 4, 5, 7, 8});
    CHECK(out.lost_requests() == 1);
    CHECK(out.counts == journal->mark().counts);
}

TEST_CASE("a batch of which only the first blocks were written was never finished: it is cut and nothing is lost") {
    const Killed killed(1500);
    for (std::uint64_t cut = killed.second / 512 * 512 + 512; cut < killed.end; cut += 512) {
        CAPTURE(cut - killed.second);
        auto torn = killed.image;
        zero(torn, cut, killed.end);
        const auto journal = killed.start_with(torn);
        REQUIRE(errors(*journal, "torn") == 1);
        REQUIRE(errors(*journal, "damaged") == 0);
        require_first_batch_alone(*journal);
    }
}

TEST_CASE(
    "a batch without its last block, or with a block of the last entry that was never written, was not finished") {
    const Killed killed(1500);
    const std::uint64_t last = killed.end - entry_bytes(1500);
    for (std::uint64_t block = last / 512 * 512 + 512; block < killed.end; block += 512) {
        CAPTURE(block - last);
        auto torn = killed.image;
        zero(torn, block, std::min<std::uint64_t>(block + 512, killed.end));
        const auto journal = killed.start_with(torn);
        REQUIRE(errors(*journal, "torn") == 1);
        require_first_batch_alone(*journal);
    }
}

TEST_CASE("a batch of which any block was never written was not finished, whatever of it was") {
    const Killed killed(700);
    for (std::uint64_t at = killed.second; at < killed.end; at = at / 512 * 512 + 512) {
        CAPTURE(at - killed.second);
        auto torn = killed.image;
        zero(torn, at, std::min<std::uint64_t>(at / 512 * 512 + 512, killed.end));
        const auto journal = killed.start_with(torn);
        REQUIRE(errors(*journal, "damaged") == 0);
        require_first_batch_alone(*journal);
    }
}

TEST_CASE("the first batch of a segment, without a block in its middle, was not finished") {
    const Killed killed(700);
    auto torn = killed.image;
    zero(torn, killed.second, killed.end);
    zero(torn, header_bytes + 512, header_bytes + 1024);
    const auto journal = killed.start_with(torn);
    CHECK(errors(*journal, "torn") == 1);
    const auto out = read_out(*journal);
    CHECK(out.positions.empty());
    CHECK(out.counts == Counts{});
}

TEST_CASE("a damaged seal of the last segment costs nothing and is counted") {
    const TestFolder folder;
    const auto settings = folder.settings();
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 5));
        writer.close();
    }
    const auto file = segment_files(settings.folder).front();
    auto bytes = contents(file);
    bytes[bytes.size() - 3] ^= std::byte{1};
    write_contents(file, bytes);
    const auto journal = opened(settings);
    CHECK(errors(*journal, "damaged") == 1);
    CHECK(read_out(*journal).numbers == numbers(1, 5));
    CHECK(read_out(*journal).lost.empty());
}

TEST_CASE("a tail that cannot be read is damaged") {
    const Killed killed;
    const auto disk = std::make_shared<FaultyDisk>();
    auto settings = killed.settings;
    settings.disk = disk;
    disk->bad_page = killed.end + 5000;
    const auto journal = opened(settings);
    CHECK(errors(*journal, "damaged") == 1);
    CHECK(read_out(*journal).numbers == numbers(1, 6));
}

TEST_CASE("what a checkpoint or a cursor knows to have been kept and the journal has not is counted as missing") {
    const Killed killed;
    auto cut = killed.image;
    zero(cut, killed.second, killed.end);
    CHECK(errors(*killed.start_with(cut), "missing") == 0);  // nobody can tell
    CHECK(errors(*killed.start_with(cut, 0, 4), "missing") == 0);
    CHECK(errors(*killed.start_with(cut, 0, 5), "missing") == 1);
    CHECK(errors(*killed.start_with(cut, 7, 0), "missing") == 1);
    CHECK(errors(*killed.start_with(killed.image, 7, 7), "missing") == 0);
}

}  // namespace outrigger::journal
