#include "agent/journal/quarantine.h"

#include <doctest/doctest.h>

#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

std::size_t files_in(const std::filesystem::path& folder) {
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder)) ++files;
    return files;
}

}  // namespace

TEST_CASE(
    "what lies in quarantine counts as the journal's: once while its segment is in use, still when that is gone") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 3);
    const auto file = segment_files(settings.folder)[0];
    flip(file, header_bytes + 150);
    std::uint64_t segments = 0;
    for (const auto& each : segment_files(settings.folder)) segments += std::filesystem::file_size(each);
    const auto size = std::filesystem::file_size(file);

    const auto journal = opened(settings, 1000);  // nothing is verified now
    CHECK(journal->status().bytes == segments);
    read_out(*journal);  // a reader meets it
    CHECK(std::filesystem::exists(settings.folder / "quarantine" / file.filename()));
    CHECK(journal->status().bytes == segments);
    journal->checkpointed(1000);
    journal->apply_retention(std::chrono::system_clock::now() + std::chrono::hours(1));
    CHECK(journal->status().segments == 1);
    CHECK(journal->status().bytes == std::filesystem::file_size(segment_files(settings.folder)[0]) + size);
    const auto after = opened(settings);
    CHECK(after->status().bytes == journal->status().bytes);
}

TEST_CASE("quarantine holds a few files and half the journal's bytes; what it has no room for stays and is counted") {
    const TestFolder folder;
    auto settings = quick(folder);
    fill(settings, 7);
    for (std::size_t index = 0; index < 6; ++index) {
        const auto file = segment_files(settings.folder)[0];
        flip(file, 100);
        flip(file, header_copy_bytes + 100);
        const auto journal = opened(settings);
        CHECK(errors(*journal, "damaged") == (index < quarantine_files ? 1 : index + 1 - quarantine_files));
        CHECK(errors(*journal, "quarantine") == (index < quarantine_files ? 0 : index + 1 - quarantine_files));
        if (index >= quarantine_files) break;
    }
    CHECK(files_in(settings.folder / "quarantine") == quarantine_files);
    CHECK(quarantine_budget(settings, false) == settings.size_bytes / 2);

    const TestFolder other;
    settings = quick(other);
    fill(settings, 2);
    const auto file = segment_files(settings.folder)[0];
    write_contents(file, std::vector<std::byte>(settings.size_bytes / 2 + 1));
    CHECK(errors(*opened(settings), "quarantine") == 1);
    CHECK(std::filesystem::exists(file));
}

TEST_CASE("segments of another history are taken away, not mixed in, wherever they turn up") {
    const TestFolder ours;
    const TestFolder theirs;
    fill(quick(ours), 3);
    fill(quick(theirs), 1);
    const auto settings = quick(ours);
    const auto foreign = segment_files(quick(theirs).folder)[0];
    std::filesystem::create_directories(settings.fallback);
    std::filesystem::copy_file(foreign, settings.fallback / foreign.filename());
    std::filesystem::rename(segment_files(settings.folder)[0], settings.folder / "00000000000000aa.seg");
    std::filesystem::copy_file(foreign, settings.folder / foreign.filename());
    const auto journal = opened(settings);
    CHECK(errors(*journal, "foreign") == 2);
    CHECK(journal->status().foreign_requests == 10);  // of the same five, twice
    CHECK(read_out(*journal).numbers == numbers(1, 15));
    CHECK(std::filesystem::exists(settings.fallback / "quarantine" / foreign.filename()));
    CHECK(std::filesystem::exists(settings.folder / "quarantine" / foreign.filename()));
    CHECK(errors(*opened(settings), "foreign") == 0);
}

TEST_CASE("a foreign segment that looks newer does not take over when it is known whose journal this is") {
    const TestFolder ours;
    const TestFolder theirs;
    fill(quick(ours), 2);
    fill(quick(theirs), 4);
    auto settings = quick(ours);
    settings.uuid = opened(settings)->uuid();
    const auto foreign = segment_files(quick(theirs).folder).back();
    std::filesystem::copy_file(foreign, settings.folder / foreign.filename());
    {
        const auto journal = opened(settings);
        CHECK(journal->uuid() == settings.uuid);
        CHECK(errors(*journal, "foreign") == 1);
        CHECK(read_out(*journal).numbers == numbers(1, 10));
        REQUIRE(DirectWriter(*journal).keep_requests(11, 12));
    }
    CHECK(read_out(*opened(settings)).numbers == numbers(1, 12));
    settings.uuid = Uuid{};  // one that no segment has: the newest is ours
    CHECK(read_out(*opened(settings)).numbers == numbers(1, 12));
}

}  // namespace outrigger::journal
