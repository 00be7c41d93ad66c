#include "agent/fold/checkpoint.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <limits>

#include "agent/fold/checkpoint_files.h"
#include "shared/crc32c.h"
#include "shared/little_endian.h"
#include "tests/unit/shared/temporary_folder.h"

using namespace outrigger;
using fold::Checkpoint;
using fold::CheckpointFiles;

namespace {

Checkpoint at(std::uint64_t position) {
    Checkpoint out;
    out.fold.position = position;
    out.history = {9, 8};
    out.facts["rows.journal"] = std::string("\0uuid", 5);
    books::Cursor cursor;
    cursor.on = true;
    cursor.position = position - 1;
    cursor.base = 3;
    cursor.requests = 40;
    cursor.delivered = 30;
    cursor.rewound = 2;
    cursor.dropped[static_cast<std::size_t>(books::SinkDrop::refused_by_database)] = 7;
    cursor.dropped_metrics[0] = 1;
    out.cursors["rows"] = cursor;
    return out;
}

void damage(const std::filesystem::path& file, std::streamoff offset) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(offset);
    const char old = static_cast<char>(stream.get());
    stream.seekp(offset);
    stream.put(static_cast<char>(old ^ 0x20));
}

}  // namespace

TEST_CASE("a checkpoint gives back cursors and facts") {
    const auto found = fold::decode(encode(at(9)));
    REQUIRE(found);
    CHECK(found->fold.position == 9);
    CHECK(found->history == books::History{9, 8});
    CHECK(found->facts.at("rows.journal") == std::string("\0uuid", 5));
    const auto& cursor = found->cursors.at("rows");
    CHECK(cursor.on);
    CHECK(cursor.position == 8);
    CHECK(cursor.base == 3);
    CHECK(cursor.requests == 40);
    CHECK(cursor.delivered == 30);
    CHECK(cursor.rewound == 2);
    CHECK(cursor.dropped_total() == 7);
    CHECK(cursor.dropped_metrics[0] == 1);
}

TEST_CASE("a checkpoint with a byte changed, or cut anywhere, is none; one in a longer file is whole") {
    auto bytes = encode(at(9));
    for (std::size_t offset = 0; offset < bytes.size(); ++offset) {
        CAPTURE(offset);
        auto changed = bytes;
        changed[offset] ^= std::byte{1};
        CHECK_FALSE(fold::decode(changed));
        CHECK_FALSE(fold::decode({bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(offset)}));
    }
    bytes.resize(bytes.size() + 1'000);
    CHECK(fold::decode(bytes));
}

TEST_CASE("a checkpoint with a bucket that no value has is none") {
    Checkpoint one = at(9);
    fold::Deltas& since = one.fold.flushes.since;
    since.apps.emplace_back();
    since.custom.emplace_back().labels = std::make_shared<const std::string>();
    since.custom[0].values.add(0.3, 1);
    auto bytes = encode(one);
    CHECK(fold::decode(bytes));
    std::array<std::byte, 4> index{};
    outrigger::store(index.data(), fold::fine_index(0.3));
    const auto found = std::ranges::search(bytes, index);
    REQUIRE_FALSE(found.empty());
    outrigger::store(&found.front(), std::numeric_limits<std::int32_t>::min());
    outrigger::store(bytes.data() + 12, crc32c(Bytes(bytes).subspan(24)));
    CHECK_FALSE(fold::decode(bytes));
}

TEST_CASE("two files alternate, and the newest whole one is loaded") {
    const test::TemporaryFolder folder;
    {
        CheckpointFiles files(folder.path(), {});
        CHECK(files.load().sequence == 0);
        for (std::uint64_t position = 1; position <= 5; ++position) {
            auto checkpoint = at(position);
            REQUIRE(files.save(checkpoint));
            CHECK(checkpoint.sequence == position);
        }
    }
    CheckpointFiles files(folder.path(), {});
    CHECK(files.load().fold.position == 5);
    CHECK(files.damaged().empty());

    SUBCASE("the older one serves when the newest is damaged, and is not the next to be overwritten") {
        damage(folder.path() + "/checkpoint.a", 40);  // 1, 3, 5
        CheckpointFiles after(folder.path(), {});
        CHECK(after.load().fold.position == 4);
        CHECK(after.damaged().size() == 1);
        auto checkpoint = at(6);
        REQUIRE(after.save(checkpoint));
        damage(folder.path() + "/checkpoint.a", 40);
        CHECK(CheckpointFiles(folder.path(), {}).load().fold.position == 4);
    }
    SUBCASE("with both damaged there is none") {
        damage(folder.path() + "/checkpoint.a", 40);
        damage(folder.path() + "/checkpoint.b", 40);
        CHECK(CheckpointFiles(folder.path(), {}).load().sequence == 0);
    }
}

TEST_CASE("a file is overwritten where it lies, and replaced by a larger one when it is too small") {
    const test::TemporaryFolder folder;
    CheckpointFiles files(folder.path(), {});
    auto checkpoint = at(1);
    REQUIRE(files.save(checkpoint));
    REQUIRE(files.save(checkpoint));
    const auto size = std::filesystem::file_size(folder.path() + "/checkpoint.a");
    checkpoint.facts["large"] = std::string(size - 100, 'x');
    REQUIRE(files.save(checkpoint));
    CHECK(std::filesystem::file_size(folder.path() + "/checkpoint.a") > size);
    CHECK(std::filesystem::file_size(folder.path() + "/checkpoint.b") == size);
    CHECK_FALSE(std::filesystem::exists(folder.path() + "/checkpoint.a.new"));
    CHECK(CheckpointFiles(folder.path(), {}).load().facts.contains("large"));
}

TEST_CASE("a folder that cannot be written gives way to the fallback, and a start reads both") {
    const test::TemporaryFolder folder;
    const std::filesystem::path data = folder.path() + "/data", fallback = folder.path() + "/fallback";
    CheckpointFiles files(data, fallback);
    auto checkpoint = at(1);
    CHECK(files.save(checkpoint) == false);
    std::filesystem::rename(data, folder.path() + "/away");
    std::ofstream(data) << "no folder";
    checkpoint = at(2);
    CHECK(files.save(checkpoint) == true);
    std::filesystem::remove(data);
    std::filesystem::rename(folder.path() + "/away", data);
    CheckpointFiles after(data, fallback);
    CHECK(after.load().fold.position == 2);
    checkpoint = at(3);
    CHECK(after.save(checkpoint) == false);
    CHECK_FALSE(std::filesystem::exists(fallback / "checkpoint.a"));  // nothing that a later start could take for new
    CHECK(CheckpointFiles(data, fallback).load().fold.position == 3);

    std::filesystem::remove_all(data);
    std::filesystem::remove_all(fallback);
    std::ofstream(data) << "no folder";
    std::ofstream(fallback) << "no folder";
    const auto failed = after.save(checkpoint);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().what.find("checkpoint.") != std::string::npos);
}

TEST_CASE("checkpoints that cannot be read do not begin a new history where other files tell of the old one") {
    const test::TemporaryFolder folder;
    const std::filesystem::path data = folder.path() + "/data", fallback = folder.path() + "/fallback";
    CheckpointFiles files(data, fallback);
    const auto history = files.load().history;
    auto checkpoint = at(1'000);
    REQUIRE(files.save(checkpoint));
    std::filesystem::resize_file(data / "checkpoint.a", 100);
    CHECK(CheckpointFiles(data, fallback).load().history != history);

    CheckpointFiles told(data, fallback);
    const auto found = told.load(history);
    CHECK(found.history == history);
    CHECK(found.sequence == 0);
    CHECK(told.damaged().size() == 1);
    CHECK(told.foreign().empty());

    CheckpointFiles mistyped(fallback, {});
    checkpoint = at(2'000);
    REQUIRE(mistyped.load().history != history);
    REQUIRE(mistyped.save(checkpoint));
    CheckpointFiles again(data, fallback);
    CHECK(again.load(history).fold.position == 0);
    CHECK(again.foreign().size() == 1);
}

TEST_CASE("a run with a wrong data directory does not take the place of the right one's counts") {
    const test::TemporaryFolder folder;
    const std::filesystem::path data = folder.path() + "/data", fallback = folder.path() + "/fallback";
    CheckpointFiles right(data, fallback);
    const auto history = right.load().history;
    auto checkpoint = at(1'000);
    REQUIRE(right.save(checkpoint));

    std::ofstream(folder.path() + "/mistyped") << "no folder";
    CheckpointFiles wrong(folder.path() + "/mistyped", fallback);
    CHECK(wrong.load().history != history);
    checkpoint = at(1'510);
    REQUIRE(wrong.save(checkpoint) == true);

    CheckpointFiles again(data, fallback);
    const auto found = again.load();
    CHECK(found.fold.position == 1'000);
    CHECK(found.history == history);
    REQUIRE(again.foreign().size() == 1);
    CHECK(std::filesystem::exists(again.foreign().front()));
    CHECK(CheckpointFiles(data, fallback).foreign().empty());

    // While the data directory is away the fallback's own stands, and goes on from there.
    std::filesystem::rename(data, folder.path() + "/away");
    std::ofstream(data) << "no folder";
    checkpoint = at(1'100);
    REQUIRE(again.save(checkpoint) == true);
    CheckpointFiles alone(data, fallback);
    CHECK(alone.load().history == history);
    CHECK(alone.load().fold.position == 1'100);
}
