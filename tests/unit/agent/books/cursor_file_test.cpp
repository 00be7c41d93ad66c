#include "agent/books/cursor_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

#include "shared/file_descriptor.h"

namespace outrigger::books {
namespace {

namespace fs = std::filesystem;

constexpr History ours{1};

struct Folders {
    Folders() {
        fs::remove_all(root);
        fs::create_directories(root / "a");
        fs::create_directories(root / "b");
    }
    ~Folders() { fs::remove_all(root); }

    fs::path root = fs::temp_directory_path() / ("outrigger-cursor-" + std::to_string(::getpid()));
    std::vector<fs::path> both{root / "a", root / "b"};
};

Cursor cursor_at(std::uint64_t position) {
    Cursor cursor;
    cursor.on = true;
    cursor.position = position;
    cursor.delivered = position - 1;
    cursor.dropped[1] = 1;
    return cursor;
}

TEST_CASE("a cursor is read back as it was last saved") {
    const Folders folders;
    CHECK(!CursorFile::load("rows", ours, folders.both));
    CursorFile file("rows", ours, folders.both);
    CHECK(!CursorFile::load("rows", ours, folders.both));
    file.save(cursor_at(7));
    file.save(cursor_at(9));
    const auto loaded = CursorFile::load("rows", ours, folders.both);
    REQUIRE(loaded);
    CHECK(loaded->on);
    CHECK(loaded->position == 9);
    CHECK(loaded->delivered == 8);
    CHECK(loaded->dropped[1] == 1);
    CHECK(!CursorFile::load("traces", ours, folders.both));
}

// Of one folder alone; 0: no whole cursor is there.
std::uint64_t position_in(const fs::path& folder) {
    const auto found = CursorFile::load("rows", ours, {folder});
    return found ? found->position : 0;
}

TEST_CASE("a cursor whose folder vanishes goes into the next one, and back when the folder is there again") {
    const Folders folders;
    const fs::path home = folders.both[0], next = folders.both[1], away = folders.root / "away";
    CursorFile file("rows", ours, {home.string() + "/", next});
    file.save(cursor_at(7));
    fs::rename(home, away);
    file.save(cursor_at(9));
    CHECK(position_in(next) == 9);
    fs::create_directories(home);
    file.save(cursor_at(11));
    CHECK(position_in(home) == 11);
    fs::remove_all(home);
    fs::create_directories(home);
    file.save(cursor_at(12));
    CHECK(position_in(home) == 12);
    CHECK(position_in(next) == 9);
    CHECK(position_in(away) == 7);
}

TEST_CASE("a cursor that its folder has no room for goes into the next one") {
    const Folders folders;
    // A pipe is opened, with somebody to read it, and takes nothing at an offset.
    const fs::path full = folders.both[0] / "cursor.rows";
    REQUIRE(::mkfifo(full.c_str(), 0600) == 0);
    const FileDescriptor reader(::open(full.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    REQUIRE(reader);
    CursorFile file("rows", ours, folders.both);
    file.save(cursor_at(7));
    CHECK(position_in(folders.both[1]) == 7);
    fs::remove(full);
    file.save(cursor_at(9));
    CHECK(position_in(folders.both[0]) == 9);
}

TEST_CASE("a cursor's file stays open from batch to batch, also in a folder named with a slash at its end") {
    const Folders folders;
    CursorFile file("rows", ours, {folders.both[0].string() + "/"});
    file.save(cursor_at(7));
    const FileDescriptor watch(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    REQUIRE(::inotify_add_watch(watch.get(), (folders.both[0] / "cursor.rows").c_str(), IN_OPEN | IN_MODIFY) >= 0);
    file.save(cursor_at(8));
    std::array<inotify_event, 8> events{};
    REQUIRE(::read(watch.get(), events.data(), sizeof events) == sizeof(inotify_event));
    CHECK(events[0].mask == IN_MODIFY);
}

TEST_CASE("of two places the further cursor counts, and one that cannot be written is passed over") {
    const Folders folders;
    CursorFile("rows", ours, {folders.both[0]}).save(cursor_at(5));
    CursorFile("rows", ours, {folders.root / "missing", folders.both[1]}).save(cursor_at(8));
    CHECK(CursorFile::load("rows", ours, folders.both)->position == 8);
    CursorFile("rows", ours, {folders.root / "missing"}).save(cursor_at(99));  // nowhere to go, and no harm
    CHECK(CursorFile::load("rows", ours, folders.both)->position == 8);
}

TEST_CASE("a cursor of another history tells nothing, however far it is") {
    const Folders folders;
    CursorFile("rows", ours, {folders.both[0]}).save(cursor_at(5));
    CursorFile("rows", History{2}, {folders.both[1]}).save(cursor_at(99));
    CHECK(CursorFile::load("rows", ours, folders.both)->position == 5);
    CHECK(CursorFile::history_in(folders.both[0]) == ours);
    CHECK(CursorFile::history_in(folders.both[1]) == History{2});
    CHECK(!CursorFile::history_in(folders.root));
    CHECK(!CursorFile::history_in(folders.root / "missing"));
    CHECK(CursorFile::load("rows", History{2}, folders.both)->position == 99);
    CHECK(!CursorFile::load("rows", History{3}, folders.both));
}

TEST_CASE("a damaged or short cursor is none") {
    const Folders folders;
    CursorFile("rows", ours, folders.both).save(cursor_at(5));
    const fs::path file = folders.both[0] / "cursor.rows";
    {
        std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
        stream.seekp(20);
        stream.put('x');
    }
    CHECK(!CursorFile::load("rows", ours, folders.both));
    CursorFile("rows", ours, folders.both).save(cursor_at(5));
    fs::resize_file(file, 30);
    CHECK(!CursorFile::load("rows", ours, folders.both));
}

}  // namespace
}  // namespace outrigger::books
