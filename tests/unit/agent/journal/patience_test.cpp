// A disk that does not answer is asked again, for a bounded time; what it never gives is a loss, counted exactly.
#include <doctest/doctest.h>

#include <thread>

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
        while (!reader->try_to_count()) CHECK(reader->position() == 41);
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

TEST_CASE("a segment that cannot be opened for a while costs nothing, however often it was tried") {
    for (const int code : {EIO, EACCES, ESTALE}) {
        Broken broken;
        broken.settings.patience = JournalSettings{}.patience;
        fill(broken);
        const auto journal = opened(broken.settings);
        broken.disk->failing_code = code;
        broken.disk->failing_opens = 90;
        const auto out = read_out(*journal);
        CHECK(out.retries == 90);
        CHECK(out.numbers == numbers(1, 300));
    }
}

TEST_CASE("patience with a segment is a time, and a reader that was not asked meanwhile tries some more") {
    Broken broken;
    broken.settings.patience = std::chrono::milliseconds(30);
    fill(broken);
    const auto journal = opened(broken.settings);
    broken.disk->unopenable = segment_files(broken.settings.folder).front();
    const auto reader = journal->read_from(0);
    const auto start = std::chrono::steady_clock::now();
    int retries = 0;
    while (reader->next().what == Step::What::retry) ++retries;
    CHECK(std::chrono::steady_clock::now() - start >= broken.settings.patience);
    CHECK(retries >= 4);
    CHECK(reader->position() > 1);  // it was lost

    const auto other = journal->read_from(0);
    CHECK(other->next().what == Step::What::retry);
    std::this_thread::sleep_for(2 * broken.settings.patience);
    for (int again = 0; again < 3; ++again) CHECK(other->next().what == Step::What::retry);
    CHECK(other->next().what == Step::What::lost);
}

TEST_CASE("what is short costs no segment while the agent runs; a start does not wait for it for ever") {
    for (const int code : {EMFILE, ENFILE, ENOMEM}) {
        Broken broken;
        fill(broken);
        const auto journal = opened(broken.settings);
        broken.disk->failing_code = code;
        broken.disk->failing_opens = 90;
        const auto out = read_out(*journal);
        CHECK(out.retries == 90);
        CHECK(out.numbers == numbers(1, 300));

        broken.disk->failing_opens = 1'000'000;
        const auto at_start = read_out(*journal->read_from(0, std::nullopt, Reads::at_start));
        CHECK(at_start.numbers.empty());
        CHECK(at_start.lost_requests() == 300);
    }
}

TEST_CASE("a segment that goes before a reader has come to its place in it is lost from there on") {
    Broken broken;
    const Counts counts = fill(broken);
    const auto journal = opened(broken.settings);
    std::filesystem::remove(segment_files(broken.settings.folder).front());
    const auto reader = journal->read_from(41, Counts{0, 40});
    CHECK(reader->position() == 41);
    CHECK(requests(reader->counts()) == 40);
    const auto out = read_out(*reader);
    REQUIRE(out.lost.size() == 1);
    CHECK(out.lost[0].first == 42);
    CHECK(out.lost[0].reason == LossReason::damaged);  // it was not retention
    CHECK(40 + out.lost_requests() + out.numbers.size() == 300);
    CHECK(out.lost[0].last + 1 == out.positions.front());
    CHECK(out.counts == counts);
}

TEST_CASE("what was known at a place in a segment is not guessed anew when the way there cannot be read") {
    Broken broken;
    const Counts counts = fill(broken);
    const auto journal = opened(broken.settings);
    const auto files = segment_files(broken.settings.folder);
    REQUIRE(files.size() == 2);
    const auto second = parse_header(contents(files[1]))->header.first;
    for (const std::uint64_t position : {std::uint64_t{41}, second + 20}) {
        const std::uint64_t known = position == 41 ? 40 : position - 2;  // each begins with who is who
        broken.disk->unopenable = files[position < second ? 0 : 1];
        const auto reader = journal->read_from(position, Counts{0, known});
        const auto out = read_out(*reader);
        CHECK(known + out.lost_requests() + out.numbers.size() == 300);
        CHECK(requests(out.counts) == requests(counts));
        const auto untold = read_out(*journal, position);
        CHECK(untold.counts == counts);
        CHECK(untold.lost_requests() <= untold.lost_positions());
    }
}

TEST_CASE("a reader that has been at the end keeps its counts over a hole on both sides of it") {
    Broken broken;
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(1, 40));
    const auto reader = journal->read_from(journal->mark().position, journal->mark().counts);  // nothing is opened yet
    REQUIRE(writer.keep_requests(41, 120));
    REQUIRE(journal->status().segments == 1);
    broken.disk->bad_page = header_bytes;  // where it is said who is who
    const auto out = read_out(*reader);
    REQUIRE(out.lost.size() == 1);
    CHECK(out.lost_requests() == out.lost_positions());
    CHECK(out.lost_requests() + out.numbers.size() == 80);
    CHECK(out.counts == journal->mark().counts);
}

}  // namespace outrigger::journal
