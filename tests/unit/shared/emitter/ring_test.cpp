#include "shared/emitter/ring.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "shared/emitter/ring_file.h"
#include "tests/unit/shared/emitter/memory_folder.h"

using namespace outrigger;
using outrigger::test::MemoryFolder;

namespace {

Hello hello_of(std::uint8_t id) {
    Hello hello;
    hello.identity.emitter.fill(id);
    hello.identity.service = "shop";
    return hello;
}

struct MadeRing {
    MemoryFolder folder;
    std::unique_ptr<RingFile> file =
        RingFile::make(folder / "agent.sock.rings", hello_of(7), ring::least_bytes).value();
    Ring& ring = file->ring();
};

bool push(Ring& ring, const std::string& record) {
    const auto length = static_cast<std::uint32_t>(record.size());
    const auto slot = ring.reserve(length);
    if (!slot) return false;
    ring.publish(*slot, std::as_bytes(std::span(record)));
    return true;
}

std::string text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

std::vector<std::string> drain(Ring& ring, Ring::Cursor& cursor) {
    std::vector<std::string> records;
    for (Bytes record = ring.at(cursor); !record.empty(); record = ring.at(cursor)) {
        records.push_back(text(record));
        Ring::pass(cursor, record);
    }
    return records;
}

constexpr std::size_t cells = ring::least_bytes / ring::cell_bytes;
const std::string one_cell(ring::cell_bytes - sizeof(ring::CellHead), 'x');

}  // namespace

TEST_CASE("records come out of a ring in the order and with the bytes they went in") {
    MadeRing made;
    Ring::Cursor cursor;
    CHECK(drain(made.ring, cursor).empty());
    CHECK(push(made.ring, "first"));
    CHECK(push(made.ring, std::string(1000, 'b')));
    CHECK(drain(made.ring, cursor) == std::vector<std::string>{"first", std::string(1000, 'b')});
    CHECK(cursor.number == 3);
    CHECK(made.ring.next_number() == 3);
}

TEST_CASE("a record that is reserved and not yet published holds back what comes behind it") {
    MadeRing made;
    Ring::Cursor cursor;
    const auto slow = made.ring.reserve(4);
    REQUIRE(slow);
    CHECK(push(made.ring, "behind"));
    CHECK(drain(made.ring, cursor).empty());
    std::memcpy(slow->record, "slow", 4);
    made.ring.publish(*slow, {slow->record, 4});
    CHECK(drain(made.ring, cursor) == std::vector<std::string>{"slow", "behind"});
}

TEST_CASE("a full ring takes nothing, not even a number, until something is acknowledged") {
    MadeRing made;
    std::size_t accepted = 0;
    while (push(made.ring, one_cell)) ++accepted;
    CHECK(accepted == cells);
    CHECK(made.ring.next_number() == cells + 1);
    CHECK_FALSE(push(made.ring, "x"));
    CHECK(made.ring.next_number() == cells + 1);

    made.ring.release_through(3);
    CHECK(made.ring.first_unacknowledged() == 4);
    CHECK_FALSE(made.ring.reserve(4 * ring::cell_bytes));  // would need five
    CHECK(push(made.ring, std::string(2 * ring::cell_bytes, 'y')));
    CHECK_FALSE(push(made.ring, "x"));
}

TEST_CASE("a record is one piece when it runs over the end of the file") {
    MadeRing made;
    Ring::Cursor cursor;
    const std::string big(60'000, 'a');
    for (int round = 0; round < 1000; ++round) {
        const std::string record = big + std::to_string(round);
        REQUIRE(push(made.ring, record));
        REQUIRE(drain(made.ring, cursor) == std::vector<std::string>{record});
        made.ring.release_through(cursor.number - 1);
    }
    CHECK(cursor.cell > 200 * cells);
}

TEST_CASE("the bytes of an older lap are never taken for a head of this one") {
    MadeRing made;
    Ring::Cursor cursor;
    // Each cell of this record but its first begins as a published head of the second lap would.
    std::string forged(3 * ring::cell_bytes, '\0');
    const std::uint64_t head = ring::joined(8, 2);
    for (std::size_t cell = 1; cell <= 3; ++cell)
        std::memcpy(forged.data() + cell * ring::cell_bytes - sizeof(ring::CellHead), &head, sizeof head);
    while (push(made.ring, forged)) continue;
    drain(made.ring, cursor);
    made.ring.release_through(cursor.number - 1);

    REQUIRE(push(made.ring, one_cell));  // the next head lies where forged bytes did
    REQUIRE(made.ring.reserve(8));
    CHECK(drain(made.ring, cursor) == std::vector<std::string>{one_cell});
}

TEST_CASE(
    "the bytes of a lap before the last are not taken for a head either, where a record covers only half of them") {
    MadeRing made;
    Ring::Cursor cursor;
    const auto lap_of = [&](const std::string& record) {
        while (push(made.ring, record)) continue;
        drain(made.ring, cursor);
        made.ring.release_through(cursor.number - 1);
    };
    std::string forged(4 * ring::cell_bytes - sizeof(ring::CellHead), '\0');
    const std::uint64_t head = ring::joined(8, 3);
    std::memcpy(forged.data() + 3 * ring::cell_bytes - sizeof(ring::CellHead), &head, sizeof head);
    lap_of(forged);
    lap_of(std::string(3 * ring::cell_bytes - sizeof(ring::CellHead) + 2, 'y'));
    REQUIRE(cursor.cell == 2 * cells);

    for (int i = 0; i < 3; ++i) REQUIRE(push(made.ring, one_cell));
    REQUIRE(made.ring.reserve(8));
    CHECK(drain(made.ring, cursor) == std::vector<std::string>(3, one_cell));
}

TEST_CASE("an acknowledgement of what was not published frees nothing") {
    MadeRing made;
    CHECK(push(made.ring, "one"));
    REQUIRE(made.ring.reserve(3));
    made.ring.release_through(1'000);
    CHECK(made.ring.first_unacknowledged() == 2);
}

TEST_CASE("a closed ring takes nothing more, and what it had is still read and released") {
    MadeRing made;
    Ring::Cursor cursor;
    CHECK(push(made.ring, "before"));
    made.ring.close();
    CHECK_FALSE(push(made.ring, "after"));
    CHECK(made.ring.next_number() == 2);
    CHECK(drain(made.ring, cursor) == std::vector<std::string>{"before"});
    made.ring.release_through(1);
    CHECK(made.ring.first_unacknowledged() == 2);
    CHECK_FALSE(push(made.ring, "after"));
}

TEST_CASE("numbers and laps go on beyond 32 bits") {
    CHECK(ring::extended(0x1'FFFF'FFF0, 5) == 0x2'0000'0005);
    CHECK(ring::extended(7, 7) == 7);
    CHECK(ring::lap_of(std::uint64_t{cells} * 5 + 3, cells) == 6);
}

TEST_CASE("threads that push at once lose nothing, repeat nothing and keep their own order") {
    MadeRing made;
    constexpr int threads = 4;
    constexpr int each = 50'000;
    std::atomic<int> running = threads;
    std::vector<std::jthread> producers;
    for (int thread = 0; thread < threads; ++thread) {
        producers.emplace_back([&, thread] {
            for (int i = 0; i < each; ++i) {
                const std::string record = std::to_string(thread) + ":" + std::to_string(i) + std::string(i % 200, '.');
                while (!push(made.ring, record)) std::this_thread::yield();
            }
            --running;
        });
    }
    std::map<int, int> next;
    Ring::Cursor cursor;
    bool in_order = true;
    while (running > 0 || cursor.number < made.ring.next_number()) {
        for (const std::string& record : drain(made.ring, cursor)) {
            const auto colon = record.find(':');
            in_order &= std::stoi(record.substr(colon + 1)) == next[std::stoi(record.substr(0, colon))]++;
        }
        made.ring.release_through(cursor.number - 1);
    }
    CHECK(in_order);
    CHECK(cursor.number == threads * each + 1);
    for (int thread = 0; thread < threads; ++thread) CHECK(next[thread] == each);
}
