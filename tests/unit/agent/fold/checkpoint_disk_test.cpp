// A checkpoint on a disk that fails: what save() called durable is found again, whatever failed before.
#include <doctest/doctest.h>

#include "agent/fold/checkpoint_files.h"
#include "tests/unit/agent/journal/faulty_disk.h"
#include "tests/unit/shared/temporary_folder.h"

namespace outrigger::fold {
namespace {

Checkpoint at(std::uint64_t position, std::size_t fact_bytes = 0) {
    Checkpoint checkpoint;
    checkpoint.fold.position = position;
    checkpoint.facts["large"] = std::string(fact_bytes, 'x');
    return checkpoint;
}

}  // namespace

TEST_CASE("whichever call fails, the newest checkpoint that counted as durable is found, in its place or beside it") {
    for (int failing = 1;; ++failing) {
        CAPTURE(failing);
        const test::TemporaryFolder folder;
        const std::filesystem::path data = folder.path() + "/data", fallback = folder.path() + "/fallback";
        const auto disk = std::make_shared<journal::FaultyDisk>();
        disk->failing_call = failing;
        CheckpointFiles files(data, fallback, disk);
        files.load();
        bool went_to_fallback = false;
        for (std::uint64_t position = 1; position <= 6; ++position) {
            auto checkpoint = at(position, position == 4 ? 400'000 : 0);  // larger than its file
            const auto saved = files.save(checkpoint);
            CAPTURE(disk->failed_call);
            REQUIRE(saved);
            went_to_fallback = went_to_fallback || *saved;
            const auto both = CheckpointFiles(data, fallback).load();
            REQUIRE(both.fold.position == position);
            if (!*saved) REQUIRE(CheckpointFiles(data, {}).load().fold.position == position);
        }
        if (disk->calls < failing) break;
        REQUIRE_FALSE(disk->failed_call.empty());
        CheckpointFiles again(data, fallback, disk);  // a start, whose reads may fail
        REQUIRE(again.load().fold.position == 6);
    }
}

TEST_CASE("a read that fails once does not bring back an older checkpoint") {
    const test::TemporaryFolder folder;
    const auto disk = std::make_shared<journal::FaultyDisk>();
    {
        CheckpointFiles files(folder.path(), {}, disk);
        for (std::uint64_t position = 1; position <= 3; ++position) {
            auto checkpoint = at(position);
            REQUIRE(files.save(checkpoint));
        }
    }
    disk->failing_reads = 2;
    CheckpointFiles files(folder.path(), {}, disk);
    CHECK(files.load().fold.position == 3);
    CHECK(files.damaged().empty());
}

TEST_CASE("a name that the disk may not know is made anew before anything counts on it") {
    const test::TemporaryFolder folder;
    const auto disk = std::make_shared<journal::FaultyDisk>();
    CheckpointFiles files(folder.path(), {}, disk);
    disk->failing_folder_syncs = 1;
    auto checkpoint = at(1);
    const auto failed = files.save(checkpoint);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().what.starts_with("cannot sync the folder of "));
    const int before = disk->folder_syncs;
    REQUIRE(files.save(checkpoint));
    CHECK(disk->folder_syncs == before + 1);
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/checkpoint.b"));
}

TEST_CASE("on a full disk a checkpoint that outgrows its file finds a reserve, and is as durable as ever") {
    const test::TemporaryFolder folder;
    const std::filesystem::path data = folder.path() + "/data", fallback = folder.path() + "/fallback";
    const auto disk = std::make_shared<journal::FaultyDisk>();
    CheckpointFiles files(data, fallback, disk);
    auto checkpoint = at(1);
    REQUIRE(files.save(checkpoint) == false);
    CHECK(std::filesystem::exists(data / "checkpoint.reserve"));
    checkpoint = at(2);
    REQUIRE(files.save(checkpoint) == false);
    disk->no_room = true;
    checkpoint = at(3, 300'000);
    REQUIRE(files.save(checkpoint) == false);
    CHECK_FALSE(std::filesystem::exists(data / "checkpoint.reserve"));
    CHECK(CheckpointFiles(data, {}).load().fold.position == 3);
    checkpoint = at(4, 300'000);  // there is but one
    CHECK_FALSE(files.save(checkpoint));
    CHECK(CheckpointFiles(data, {}).load().fold.position == 3);
    disk->no_room = false;
    checkpoint = at(5, 300'000);
    REQUIRE(files.save(checkpoint) == false);
    CHECK(std::filesystem::file_size(data / "checkpoint.reserve") > 2 * 300'000);
}

}  // namespace outrigger::fold
