#include "agent/journal/inspection.h"

#include <doctest/doctest.h>

#include "agent/journal/inspection_text.h"
#include "tests/unit/agent/journal/broken.h"

namespace outrigger::journal {
namespace {

Inspection inspected(const JournalSettings& settings, bool verify = true) {
    Disk disk;
    return inspect(disk, settings.folder, settings.fallback, verify);
}

std::vector<std::pair<std::filesystem::path, std::vector<std::byte>>> everything(const TestFolder& folder) {
    std::vector<std::pair<std::filesystem::path, std::vector<std::byte>>> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
        if (entry.is_regular_file()) files.emplace_back(entry.path(), contents(entry.path()));
    std::ranges::sort(files, {}, [](const auto& file) { return file.first; });
    return files;
}

}  // namespace

TEST_CASE("a whole journal is listed, and nothing in it is touched") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 2);
    const auto journal = opened(settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(11, 13));
    const auto before = everything(folder);
    for (const bool verify : {false, true}) {
        const auto found = inspected(settings, verify);
        CHECK(found.is_whole());
        REQUIRE(found.files.size() == 3);
        CHECK(found.files[0].header->first == 1);
        CHECK(found.files[0].last() == 6);
        CHECK(found.files[0].sealed);
        CHECK(requests(found.files[1].counts) == 5);
        CHECK_FALSE(found.files[2].sealed);
        CHECK(found.files[2].newest);
        CHECK(found.files[2].last() == journal->mark().position);
        CHECK(requests(found.files[2].counts) == 3);
        CHECK(problems(found).empty());
        CHECK(summary(found) == "3 segments, 16 entries, " +
                                    std::to_string(found.files[0].bytes + found.files[1].bytes + found.files[2].bytes) +
                                    " bytes, 0 damaged, 0 in quarantine\n");
    }
    CHECK(everything(folder) == before);
}

TEST_CASE("each flipped bit is found, with the file, the offset and what stands there") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 3);
    const auto file = segment_files(settings.folder)[1];
    const auto image = contents(file);
    for (std::size_t at = 0; at < image.size(); at += at < header_bytes ? 101 : 1) {
        auto damaged = image;
        damaged[at] ^= std::byte{16};
        write_contents(file, damaged);
        const auto found = inspected(settings);
        CAPTURE(at);
        REQUIRE_FALSE(found.is_whole());
        REQUIRE(found.files.size() == 3);
        REQUIRE(found.files[1].damage.size() == 1);
        const auto& damage = found.files[1].damage[0];
        REQUIRE(damage.offset <= at);
        if (at < header_bytes) REQUIRE(damage.offset == at / header_copy_bytes * header_copy_bytes);
        if (at >= header_bytes && at < image.size() - seal_bytes)
            REQUIRE(damage.what.starts_with("1 entry does not validate: position "));
        REQUIRE(problems(found) ==
                file.string() + ": at byte " + std::to_string(damage.offset) + ": " + damage.what + "\n");
    }
}

TEST_CASE("a batch that is not finished is no damage, one that was written and does not validate is") {
    const TestFolder folder;
    const auto settings = quick(folder);
    {
        const auto journal = opened(settings);
        DirectWriter writer(*journal);
        REQUIRE(writer.keep_requests(1, 5));
        REQUIRE(writer.keep_requests(6, 40));
    }
    const auto file = segment_files(settings.folder).front();
    const auto image = contents(file);
    auto bytes = image;
    std::fill(bytes.begin() + header_bytes + 1024, bytes.end(), std::byte{0});
    write_contents(file, bytes);
    auto found = inspected(settings);
    CHECK(found.is_whole());
    CHECK(found.files[0].unfinished);
    CHECK(requests(found.files[0].counts) == 5);

    bytes = image;
    bytes[header_bytes + 1000] ^= std::byte{1};
    write_contents(file, bytes);
    found = inspected(settings);
    CHECK_FALSE(found.is_whole());
    CHECK(found.files[0].last() == 41);
}

TEST_CASE("what no segment holds is missing: how many entries, not only which positions") {
    const TestFolder folder;
    const auto settings = quick(folder);
    fill(settings, 3);
    std::filesystem::remove(segment_files(settings.folder)[1]);
    const auto found = inspected(settings, false);
    CHECK_FALSE(found.is_whole());
    REQUIRE(found.missing.size() == 1);
    CHECK(problems(found) == "positions 7 to 12: in no segment, of 6 entries\n");

    const TestFolder skipped;  // positions that a start passed over are nobody's
    fill(quick(skipped), 1);
    const auto journal = opened(quick(skipped));
    DirectWriter writer(*journal, 50, journal->mark().counts);
    REQUIRE(writer.keep_requests(6, 7));
    CHECK(inspected(quick(skipped)).is_whole());
}

TEST_CASE("what was refused by a sync and written anew counts once, whatever the older file shows") {
    Broken broken;
    const auto journal = opened(broken.settings);
    DirectWriter writer(*journal);
    REQUIRE(writer.keep_requests(1, 5));
    const auto first = segment_files(broken.settings.folder).front();
    const auto end = journal->state().view(0).segment->readable;
    broken.disk->failing_syncs = 1;
    REQUIRE(writer.keep_requests(6, 9));
    auto bytes = contents(first);
    bytes.resize(end + 600, std::byte{7});  // as if what was refused had reached the disk in part
    bytes.back() = std::byte{0};
    write_contents(first, bytes);
    const auto found = inspected(broken.settings);
    REQUIRE(found.files.size() == 2);
    CHECK(found.is_whole());
    CHECK(found.files[0].last() == 6);
    CHECK(found.files[1].header->first == 7);
    CHECK(found.files[1].header->generation == 1);
}

TEST_CASE("both places, quarantine and what is nobody's are listed") {
    const TestFolder folder;
    const auto settings = quick(folder);
    write_contents(folder.path() / "data", {});
    fill(settings, 1);  // beside the socket
    std::filesystem::remove(folder.path() / "data");
    fill(settings, 1);
    std::filesystem::create_directories(settings.folder / "quarantine");
    std::filesystem::copy_file(segment_files(settings.folder)[0],
                               settings.folder / "quarantine" / "0000000000000077.seg");
    flip(settings.folder / "quarantine" / "0000000000000077.seg", header_bytes + 60);
    write_contents(settings.folder / "notes.txt", as_payload("hello"));
    write_contents(settings.fallback / "checkpoint.a", as_payload("not the journal's"));
    const auto found = inspected(settings);
    CHECK(found.is_whole());
    REQUIRE(found.files.size() == 3);
    CHECK(found.files[0].fallback);
    CHECK(found.files[2].quarantined);
    CHECK(found.others == std::vector<std::string>{(settings.folder / "notes.txt").string()});
    const auto text = table(found, {.running = true, .synced = true});
    CHECK(text.find("SEGMENT               PLACE             GENERATION  FIRST  LAST  REQUESTS") == 0);
    CHECK(text.find("0000000000000001.seg  runtime                    0      1     6         5") != std::string::npos);
    CHECK(text.find("4624  sealed  no: memory  no\n") != std::string::npos);
    CHECK(text.find("0000000000000077.seg  data, quarantine") != std::string::npos);
    CHECK(problems(found).find(" (in quarantine)\n") != std::string::npos);
    CHECK(summary(found).ends_with(" 0 damaged, 1 in quarantine\n"));
}

TEST_CASE("a folder that is not there is empty, one that cannot be read is an error") {
    const TestFolder folder;
    CHECK(inspected(folder.settings()).is_whole());
    CHECK(table(inspected(folder.settings()), {}).empty());
    Broken broken;
    broken.disk->failing_lists = 1;
    const auto found = inspect(*broken.disk, broken.settings.folder, {}, true);
    CHECK_FALSE(found.is_whole());
    CHECK(problems(found) == broken.settings.folder.string() + ": Input/output error\n");
}

}  // namespace outrigger::journal
