// A disk that does not answer is asked again, a bounded number of times; what it never gives is a loss, counted
// exactly.
#include <doctest/doctest.h>

#include "agent/journal/patient_disk.h"
#include "agent/journal/segment_reader.h"
#include "tests/unit/agent/journal/broken.h"

namespace outrigger::journal {
namespace {

// Numbers 1 to 300 in several segments.
Counts fill(const Broken& broken) {
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    for (std::uint64_t number = 1; number <= 300; number += 10) REQUIRE(writer.keep_requests(number, number + 9));
    return journal->mark().counts;
}

}  // namespace

TEST_CASE("a start asks a disk that does not answer again, and loses nothing") {
    for (const int times : {1, PatientDisk::attempts - 1}) {
        for (int FaultyDisk::* what :
             {&FaultyDisk::failing_reads, &FaultyDisk::failing_opens, &FaultyDisk::failing_lists}) {
            Broken broken;
            const Counts counts = fill(broken);
            (*broken.disk).*what = times;
            const auto journal = opened(broken.settings);
            CHECK((*broken.disk).*what == 0);
            CHECK(journal->mark().counts == counts);
            CHECK(read_out(*journal).numbers == numbers(1, 300));
            CHECK(errors(*journal, "read") == static_cast<std::uint64_t>(times));
        }
    }
}

TEST_CASE("a start does not ask for ever") {
    Broken broken;
    fill(broken);
    broken.disk->failing_reads = 1'000'000;
    const auto start = std::chrono::steady_clock::now();
    const auto journal = opened(broken.settings);
    CHECK(std::chrono::steady_clock::now() - start < 2 * PatientDisk::most_pauses);
    CHECK(journal->status().segments == 0);
    CHECK(errors(*journal, "read") > 3);
    broken.disk->failing_reads = 0;
    CHECK(read_out(*opened(broken.settings)).numbers == numbers(1, 300));  // nothing was thrown away
}

TEST_CASE("a reader that enters a segment in its middle keeps its place and counts over a disk that does not answer") {
    Broken broken;
    const Counts counts = fill(broken);
    const auto journal = opened(broken.settings);
    for (const int failing : {1, 2, 3}) {
        broken.disk->failing_reads = failing;
        const auto reader = journal->read_from(41);
        CHECK(reader->position() == 41);
        CHECK(requests(reader->counts()) == 40);
        const auto out = read_out(*reader);
        CHECK(out.numbers == numbers(41, 300));
        CHECK(out.positions.front() == 42);
        CHECK(out.lost.empty());
        CHECK(out.counts == counts);
    }
}

TEST_CASE("a reader that must walk to its place does not forget it while the disk is silent") {
    Broken broken;
    fill(broken);
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(301, 310));
    const auto position = journal->mark().position;
    const auto counts = journal->mark().counts;
    const auto reader = journal->read_from(position, counts);  // at the end: nothing is opened yet
    REQUIRE(writer.keep_requests(311, 320));
    broken.disk->failing_reads = 2;
    CHECK(reader->next().what == Step::What::retry);
    CHECK(reader->position() == position);
    CHECK(reader->counts() == counts);
    CHECK(reader->next().what == Step::What::retry);
    CHECK(read_out(*reader).numbers == numbers(311, 320));
}

TEST_CASE("a segment that cannot be opened is a loss after a few times, and the next one is read") {
    Broken broken;
    const Counts counts = fill(broken);
    const auto journal = opened(broken.settings, 1000);  // a checkpoint beyond: nothing is verified now
    REQUIRE(journal->status().segments >= 2);
    broken.disk->unopenable = segment_files(broken.settings.folder).front();
    const auto out = read_out(*journal);
    CHECK(out.retries == 4);
    REQUIRE(out.lost.size() == 1);
    CHECK(out.lost[0].first == 1);
    CHECK(out.lost[0].reason == LossReason::damaged);
    CHECK(out.numbers.size() + out.lost_requests() == 300);
    CHECK(out.numbers.back() == 300);
    CHECK(out.counts == counts);
    CHECK(errors(*journal, "damaged") == 1);

    const auto within = read_out(*journal, 21);  // from its middle
    CHECK(within.lost_positions() == out.lost_positions() - 21);
    CHECK(within.counts == counts);
}

TEST_CASE("descriptors that have run out are no fault of a segment: it is asked for longer") {
    Broken broken;
    fill(broken);
    const auto journal = opened(broken.settings);
    broken.disk->failing_code = EMFILE;
    broken.disk->failing_opens = 30;
    const auto out = read_out(*journal);
    CHECK(out.retries == 30);
    CHECK(out.numbers == numbers(1, 300));
}

}  // namespace outrigger::journal
