#include "agent/books/accounts.h"

#include <doctest/doctest.h>
#include <unistd.h>

namespace outrigger::books {
namespace {

namespace fs = std::filesystem;

constexpr History ours{1};

struct Folder {
    Folder() {
        fs::remove_all(path);
        fs::create_directories(path);
    }
    ~Folder() { fs::remove_all(path); }
    fs::path path = fs::temp_directory_path() / ("outrigger-accounts-" + std::to_string(::getpid()));
};

Cursor cursor_at(std::uint64_t position) {
    Cursor cursor;
    cursor.on = true;
    cursor.position = position;
    return cursor;
}

TEST_CASE("a sink goes on from the further of checkpoint and cursor file, whether it is on or off") {
    const Folder folder;
    CursorFile("rows", ours, {folder.path}).save(cursor_at(9));
    CursorFile("traces", ours, {folder.path}).save(cursor_at(3));
    for (const bool on : {true, false}) {
        CAPTURE(on);
        Book book([] { return 0; });
        Accounts accounts({{"rows", cursor_at(5)}, {"traces", cursor_at(7)}}, ours, {folder.path});
        accounts.open("rows", on, book);
        accounts.open("traces", on, book);
        CHECK(accounts.cursors().at("rows").position == 9);
        CHECK(accounts.cursors().at("traces").position == 7);
        CHECK(book.read(0).at(0).on == on);
    }
}

TEST_CASE("what a sink pushes is in its file, in the book and in the next checkpoint") {
    const Folder folder;
    Book book([] { return 20; });
    Accounts accounts({{"rows", cursor_at(5)}}, ours, {folder.path});
    accounts.open("rows", true, book);
    accounts.tally("rows").push(cursor_at(12));
    CHECK(CursorFile::load("rows", ours, {folder.path})->position == 12);
    CHECK(book.read(0).at(0).cursor.position == 12);
    CHECK(accounts.cursors().at("rows").position == 12);
}

TEST_CASE("a sink that is off keeps its cursor and does not keep the journal; of those on, the last one does") {
    const Folder folder;
    Book book([] { return 0; });
    Accounts accounts({{"statsd", cursor_at(2)}, {"rows", cursor_at(5)}, {"traces", cursor_at(4)}}, ours,
                      {folder.path});
    CHECK(accounts.needed_after() == UINT64_MAX);
    accounts.open("statsd", false, book);
    CHECK(accounts.needed_after() == UINT64_MAX);
    accounts.open("rows", true, book);
    CHECK(accounts.needed_after() == 5);
    accounts.open("traces", true, book);
    CHECK(accounts.needed_after() == 4);
    CHECK(accounts.cursors().at("statsd").position == 2);
}

}  // namespace
}  // namespace outrigger::books
