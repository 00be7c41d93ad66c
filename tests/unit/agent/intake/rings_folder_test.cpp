#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "agent/intake/orphan_rings.h"
#include "shared/emitter/ring_file.h"
#include "tests/unit/shared/emitter/as_user.h"
#include "tests/unit/shared/emitter/memory_folder.h"

namespace outrigger::intake {

namespace {

constexpr std::int64_t second_us = 1'000'000;

// The folder as intake looks at it, with a clock that moves by assignment.
struct Folder {
    test::MemoryFolder memory;
    std::string path = memory / "agent.sock.rings";
    Emitters emitters{{}};
    Counters counters;
    Admission admission{emitters, counters, std::chrono::days(30), {}, {}};
    AllowList allowed;
    std::vector<std::string> said;
    OrphanRings rings{path, allowed, [this](const std::string& line) { said.push_back(line); }};
    std::int64_t now_us = 1000 * second_us;
    std::uint64_t next_id = 16;

    explicit Folder(AllowList list = {{}, {}}) : allowed(std::move(list)) { std::filesystem::create_directory(path); }

    void look(std::int64_t after_us = second_us / 2) {
        now_us += after_us;
        rings.look(admission, now_us, [this] { return next_id++; });
    }
    void make(const std::string& name) const { std::ofstream(path + "/" + name) << "not a ring"; }
    void remove(const std::string& name) const { std::filesystem::remove(path + "/" + name); }
    void leave_ring(std::uint8_t id) const {
        const pid_t child = ::fork();
        if (child == 0) {
            Hello hello;
            hello.identity.emitter[0] = id;
            ::_exit(RingFile::make(path, hello, ring::least_bytes) ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WEXITSTATUS(status) == 0);
    }
};

TEST_CASE("however many files lie in the folder, each look is bounded and the ring of a dead process is found") {
    Folder folder;
    folder.leave_ring(1);
    for (int i = 0; i < 9'000; ++i) folder.make("x" + std::to_string(i));
    folder.leave_ring(2);
    folder.look();
    CHECK_FALSE(folder.rings.seen_all());
    folder.look();
    folder.look();
    CHECK(folder.rings.seen_all());
    CHECK(folder.rings.size() == 2);
    CHECK(folder.rings.ids().size() >= 2);
    for (int i = 0; i < 20; ++i) folder.look();
    REQUIRE(folder.said.size() == 1);
    CHECK(folder.said[0].find("more than 4096 files") != std::string::npos);
    for (int i = 0; i < 9'000; ++i) folder.remove("x" + std::to_string(i));
    for (int i = 0; i < 130; ++i) folder.look();
    CHECK(folder.said.size() == 2);
}

TEST_CASE("bad rings that come and go are counted, and told of in one line until a minute has passed without") {
    Folder folder;
    const auto name = [](int i) { return "j" + std::to_string(i) + ".ring"; };
    for (int round = 0; round < 50; ++round) {
        for (int i = 0; i < 20; ++i) folder.make(name(i));
        folder.look();
        for (int i = 0; i < 20; ++i) folder.remove(name(i));
        folder.look();
    }
    CHECK(folder.counters.rings_corrupt == 1000);
    REQUIRE(folder.said.size() == 1);
    CHECK(folder.said[0].find("and 19 others of a dead process") != std::string::npos);
    folder.look(61 * second_us);
    REQUIRE(folder.said.size() == 2);
    CHECK(folder.said[1].find("1000") != std::string::npos);
    folder.make(name(1));
    folder.look();
    CHECK(folder.said.size() == 3);
}

TEST_CASE("the ring of who is on neither list is passed over, counted and told of once") {
    Folder folder(AllowList({::geteuid() + 1}, {}));
    folder.leave_ring(1);
    for (int i = 0; i < 5; ++i) folder.look();
    CHECK(folder.rings.size() == 0);
    CHECK(folder.counters.turned_away_peer == 1);
    CHECK(folder.counters.rings_corrupt == 0);
    REQUIRE(folder.said.size() == 1);
    CHECK(folder.said[0].find("--allow-uids") != std::string::npos);
    folder.leave_ring(2);
    folder.look();
    CHECK(folder.counters.turned_away_peer == 2);
    CHECK(folder.said.size() == 1);
}

TEST_CASE("the ring of who is on a list is drained") {
    SUBCASE("its user") {
        Folder folder(AllowList({::geteuid()}, {}));
        folder.leave_ring(1);
        folder.look();
        CHECK(folder.rings.size() == 1);
    }
    SUBCASE("its group") {
        Folder folder(AllowList({::geteuid() + 1}, {::getegid()}));
        folder.leave_ring(1);
        folder.look();
        CHECK(folder.rings.size() == 1);
    }
}

TEST_CASE("an agent of another user drains and removes the rings of who is in the folder's group" *
          doctest::skip(!test::is_root())) {
    Folder folder;
    ::chmod(folder.memory.path().c_str(), 0755);
    REQUIRE(::chown(folder.path.c_str(), 0, test::stranger) == 0);
    REQUIRE(::chmod(folder.path.c_str(), 02770) == 0);
    folder.leave_ring(1);
    const test::AsUser agent(test::stranger, test::stranger);
    folder.look();
    REQUIRE(folder.rings.size() == 1);
    folder.rings.drain(folder.admission);
    CHECK(folder.rings.size() == 0);
    CHECK(std::filesystem::is_empty(folder.path));
    CHECK(folder.counters.rings_drained == 1);
}

TEST_CASE("a file's owner is in the groups that the user database says, whatever group the folder gives the file") {
    AllowList list({}, {0});
    CHECK(list.has_owner(0, 54321, second_us));  // root's own group
    CHECK_FALSE(list.has_owner(54320, 54321, second_us));
    CHECK_FALSE(list.has_owner(1, 54321, second_us));
    CHECK(list.has_owner(1, 0, second_us));
    CHECK(AllowList({}, {}).has_owner(54320, 54321, second_us));
}

}  // namespace

}  // namespace outrigger::intake
