#include "shared/emitter/sender.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "tests/unit/shared/emitter/as_user.h"
#include "tests/unit/shared/emitter/fake_agent.h"
#include "tests/unit/shared/emitter/memory_folder.h"
#include "tests/unit/shared/emitter/ring_content.h"

using namespace outrigger;
using namespace std::chrono_literals;
using outrigger::test::AsUser;
using outrigger::test::FakeAgent;
using outrigger::test::is_root;
using outrigger::test::MemoryFolder;
using outrigger::test::RingContent;
using outrigger::test::stranger;

namespace {

Identity shop() {
    Identity identity;
    identity.service = "shop";
    identity.pid = 42;
    return identity;
}

// A sender and an agent in one thread, with a clock that moves by assignment.
struct Road {
    MemoryFolder folder;
    std::string socket = folder / "agent.sock";
    FakeAgent agent{socket};
    std::atomic<Ring*> ring = nullptr;
    DropCounters unassigned;
    Sender sender;
    Sender::Time now = Sender::Time() + 1h;
    std::vector<std::string> pushed;

    Road() : Road(nullptr) {}
    explicit Road(const std::function<AgentPlaces(const MemoryFolder&)>& places)
        : sender({.identity = shop(),
                  .places = places ? places(folder) : AgentPlaces::at(socket),
                  .ring_bytes = ring::least_bytes},
                 ring, unassigned) {}

    Sender::Rest step() {
        const auto rest = sender.step(now);
        now += std::max<Sender::Rest>(rest, 1ms);
        return rest;
    }

    // Lets both work until a condition holds; false after what would be minutes.
    bool until(const std::function<bool()>& condition) {
        for (int i = 0; i < 2'000; ++i) {
            if (condition()) return true;
            step();
            agent.serve();
        }
        return condition();
    }
    bool until_acknowledged() {
        return until([this] { return sender.counts().acknowledged == sender.counts().accepted; });
    }

    bool push(const std::string& text) {
        RequestEvent event;
        event.method = "GET";
        event.route = text;
        event.status = 200;
        const auto measured = measure(event);
        const auto slot = ring.load()->reserve(measured->length);
        if (!slot) return false;
        write(event, *measured, slot->record);
        pushed.emplace_back(reinterpret_cast<const char*>(slot->record), measured->length);
        ring.load()->publish(*slot, {slot->record, measured->length});
        return true;
    }
    void push_many(int count) {
        for (int i = 0; i < count; ++i) REQUIRE(push("/" + std::to_string(pushed.size())));
    }

    // Of the emitter that said hello last.
    const FakeAgent::Kept& kept() const {
        static const FakeAgent::Kept nothing;
        const auto found =
            agent.hellos.empty() ? agent.kept.end() : agent.kept.find(agent.hellos.back().identity.emitter);
        return found == agent.kept.end() ? nothing : found->second;
    }
    std::size_t rings() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(socket + ".rings"), {}));
    }
};

// As the agent sees it, which is another process.
bool lock_is_free(const std::string& path) {
    const pid_t child = ::fork();
    if (child == 0) {
        const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
        struct flock lock{};
        lock.l_type = F_RDLCK;
        ::_exit(file >= 0 && ::fcntl(file, F_OFD_SETLK, &lock) == 0 ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::uint64_t total(const DropTotals& totals, DropReason reason) { return totals[static_cast<std::size_t>(reason)]; }

}  // namespace

TEST_CASE("what is in the ring arrives once, in order, and is released when it is acknowledged") {
    Road road;
    road.agent.listen();
    road.step();
    REQUIRE(road.ring != nullptr);
    road.push_many(500);
    REQUIRE(road.until_acknowledged());
    REQUIRE(road.agent.hellos.size() == 1);
    const Hello& hello = road.agent.hellos[0];
    CHECK(hello.identity.service == "shop");
    CHECK(hello.identity.pid == 42);
    CHECK(hello.first == 1);
    CHECK(std::filesystem::exists(road.socket + ".rings/" + hello.ring));
    CHECK(road.kept().records == road.pushed);
    CHECK(road.sender.counts().accepted == 500);
    CHECK(road.sender.counts().connected);
    CHECK(road.agent.wrong.empty());
}

TEST_CASE("an agent that dies before it kept anything is sent everything again") {
    Road road;
    road.agent.listen();
    road.step();
    road.push_many(100);
    REQUIRE(road.until([&] { return road.sender.counts().acknowledged == 100; }));
    road.push_many(300);
    for (int i = 0; i < 3; ++i) {
        road.step();
        road.agent.step();  // reads and does not commit
    }
    road.agent.die();
    road.push_many(50);
    road.step();
    road.agent.listen();
    REQUIRE(road.until_acknowledged());
    CHECK(road.agent.kept.size() == 1);
    CHECK(road.agent.hellos.back().first == 101);
    CHECK(road.kept().records == road.pushed);
    CHECK(road.agent.wrong.empty());
}

TEST_CASE("what the agent kept and could not acknowledge is not sent again") {
    Road road;
    road.agent.listen();
    road.step();
    road.agent.acks = false;
    road.push_many(200);
    REQUIRE(road.until([&] { return road.kept().records.size() == 200; }));
    CHECK(road.sender.counts().acknowledged == 0);
    road.agent.die();
    road.push_many(30);
    road.step();
    SUBCASE("it acknowledges right after the welcome") { road.agent.acks = true; }
    SUBCASE("it acknowledges later") {}
    road.agent.listen();
    REQUIRE(road.until([&] { return road.kept().records.size() >= 230; }));
    road.agent.acks = true;
    REQUIRE(road.until_acknowledged());
    CHECK(road.agent.hellos.size() == 2);
    CHECK(road.agent.hellos.back().first == 1);
    CHECK(road.agent.kept.size() == 1);
    CHECK(road.kept().records == road.pushed);
}

TEST_CASE("an agent that dies again and again loses and repeats nothing") {
    Road road;
    for (int life = 0; life < 30; ++life) {
        road.agent.listen();
        road.agent.acks = life % 3 != 0;
        for (int i = 0; i < life % 7; ++i) {
            road.step();
            if (road.ring != nullptr) road.push_many(10);
            road.agent.step();
            if (i % 2 == 0) road.agent.commit();
        }
        road.agent.die();
        road.step();
    }
    road.agent.acks = true;
    road.agent.listen();
    REQUIRE(road.until_acknowledged());
    CHECK(road.pushed.size() > 500);
    CHECK(road.agent.kept.size() == 1);
    CHECK(road.kept().records == road.pushed);
    CHECK(road.agent.wrong.empty());
}

TEST_CASE("an agent that never acknowledges fills the ring, and is told how much was dropped") {
    Road road;
    road.agent.listen();
    road.agent.acks = false;
    road.step();
    std::uint64_t dropped = 0;
    for (int i = 0; i < 6'000; ++i) {
        if (!road.push("/full")) {
            road.ring.load()->count_drop(DropReason::ring_full);
            ++dropped;
        }
    }
    REQUIRE(dropped > 0);
    REQUIRE(road.until([&] { return road.kept().records.size() == road.pushed.size(); }));
    CHECK(road.until([&] { return total(road.kept().drops, DropReason::ring_full) == dropped; }));
    CHECK(road.sender.counts().acknowledged == 0);
    CHECK(road.sender.counts().dropped == dropped);
    CHECK_FALSE(road.push("/full"));
}

TEST_CASE("drop totals are said again on each connection") {
    Road road;
    road.agent.listen();
    road.step();
    road.ring.load()->count_drop(DropReason::too_long);
    REQUIRE(road.until([&] { return total(road.kept().drops, DropReason::too_long) == 1; }));
    road.agent.die();
    road.agent.kept.clear();
    road.step();
    road.agent.listen();
    CHECK(road.until([&] { return total(road.kept().drops, DropReason::too_long) == 1; }));
}

TEST_CASE("an agent that knows more than was ever taken makes the emitter take a fresh id, and gets everything") {
    Road road;
    road.step();
    road.ring.load()->count_drop(DropReason::other);
    road.push_many(20);
    road.agent.listen();
    road.agent.next_override = 1'000;
    REQUIRE(road.until_acknowledged());
    REQUIRE(road.agent.hellos.size() == 2);
    CHECK(road.agent.hellos[0].identity.emitter != road.agent.hellos[1].identity.emitter);
    CHECK(road.agent.hellos[0].ring == road.agent.hellos[1].ring);
    CHECK(road.kept().records == road.pushed);
    CHECK(road.agent.kept[road.agent.hellos[0].identity.emitter].records.empty());
    CHECK(road.until([&] { return total(road.kept().drops, DropReason::other) == 1; }));
}

TEST_CASE("drops that were told under an old id are not told again under a fresh one") {
    Road road;
    road.agent.listen();
    road.step();
    road.ring.load()->count_drop(DropReason::other);
    REQUIRE(road.until([&] { return total(road.kept().drops, DropReason::other) == 1; }));
    road.agent.die();
    road.step();
    road.ring.load()->count_drop(DropReason::other);
    road.agent.next_override = 1'000;
    road.agent.listen();
    REQUIRE(road.until([&] { return road.agent.hellos.size() == 3; }));
    CHECK(road.until([&] { return total(road.kept().drops, DropReason::other) > 0; }));
    CHECK(total(road.kept().drops, DropReason::other) == 1);
}

TEST_CASE("an agent that refuses the hello makes the emitter take a fresh id, and gets everything") {
    Road road;
    road.step();
    road.push_many(20);
    road.agent.listen();
    road.agent.refusals = 3;
    REQUIRE(road.until([&] { return road.agent.refusals == 2; }));
    road.step();
    CHECK(road.sender.trouble().find("agent.sock: the agent refuses") != std::string::npos);
    REQUIRE(road.until_acknowledged());
    REQUIRE(road.agent.hellos.size() == 4);
    CHECK(road.agent.hellos[0].identity.emitter != road.agent.hellos[1].identity.emitter);
    CHECK(road.agent.hellos[2].identity.emitter != road.agent.hellos[3].identity.emitter);
    CHECK(road.kept().records == road.pushed);
    CHECK(road.sender.trouble().empty());
}

TEST_CASE("an agent that refuses every hello is not hammered") {
    Road road;
    road.agent.listen();
    road.agent.refusals = 1'000;
    const auto start = road.now;
    while (road.now < start + 30s) {
        road.step();
        road.agent.step();
    }
    CHECK(road.agent.hellos.size() > 20);
    CHECK(road.agent.hellos.size() < 100);
}

TEST_CASE("a process that becomes another user goes on with a ring of that one's, and leaves the old one to the agent" *
          doctest::skip(!is_root())) {
    Road road;
    road.agent.listen();
    road.agent.acks = false;
    road.step();
    const std::string first_ring = road.socket + ".rings/" + [&] {
        REQUIRE(road.until([&] { return road.agent.hellos.size() == 1; }));
        return road.agent.hellos[0].ring;
    }();
    road.push_many(3);
    REQUIRE(road.until([&] { return road.kept().records.size() == 3; }));  // kept, and the emitter does not know
    road.agent.die();
    road.step();
    road.push_many(2);
    road.agent.acks = true;
    road.agent.listen();
    ::chmod(road.socket.c_str(), 0666);
    ::chmod(road.folder.path().c_str(), 0755);
    Ring* const before = road.ring;
    {
        const AsUser other(stranger, stranger);
        for (int i = 0; i < 1'000; ++i) road.step();
        CHECK(road.ring == before);  // no ring of its own can be made here: the old one goes on
        CHECK(road.agent.hellos.size() == 1);
        CHECK(road.sender.trouble().find("agent.sock.rings: Permission denied") != std::string::npos);
    }
    ::chmod((road.socket + ".rings").c_str(), 02777);
    {
        const AsUser other(stranger, stranger);
        REQUIRE(road.until([&] { return road.agent.hellos.size() == 2; }));
        REQUIRE(road.ring != before);
        REQUIRE(road.push("/new"));
        REQUIRE(road.until([&] { return road.kept().records.size() == 1; }));
    }
    CHECK(road.agent.hellos[1].identity.emitter != road.agent.hellos[0].identity.emitter);
    CHECK(road.agent.kept[road.agent.hellos[0].identity.emitter].records.size() == 3);  // none of them again
    CHECK(road.sender.counts().accepted == 6);
    CHECK(road.sender.trouble().empty());
    CHECK(lock_is_free(first_ring));
    const auto left = RingContent::read(first_ring);
    CHECK(left.first == 1);
    CHECK(left.entries.size() == 5);
}

TEST_CASE("a refused record is passed over when it is acknowledged") {
    Road road;
    road.agent.listen();
    road.step();
    road.push_many(3);
    REQUIRE(road.until([&] { return !road.agent.hellos.empty(); }));
    std::vector<std::byte> frame;
    append(frame, RefusedFrame{.number = 2, .reason = Refusal::out_of_range, .detail = "status"});
    road.agent.send(frame);
    CHECK(road.until_acknowledged());
    CHECK(road.agent.accepted == 1);
}

TEST_CASE("an agent that talks nonsense is left, and nothing is released for it") {
    std::vector<std::byte> frame;
    SUBCASE("an acknowledgement of what was never sent") { append(frame, Ack{1'000}); }
    SUBCASE("a second welcome") { append(frame, Welcome{.next = 1}); }
    SUBCASE("a length beyond all limits") { frame.assign(8, std::byte{0xFF}); }
    SUBCASE("a length below its own head") { frame.assign(8, std::byte{0}); }
    Road road;
    road.agent.listen();
    road.agent.acks = false;
    road.step();
    road.push_many(3);
    REQUIRE(road.until([&] { return road.kept().records.size() == 3; }));
    road.agent.send(frame);
    road.step();
    CHECK_FALSE(road.sender.counts().connected);
    CHECK(road.sender.counts().acknowledged == 0);
    road.agent.acks = true;
    CHECK(road.until_acknowledged());
    CHECK(road.kept().records == road.pushed);
}

TEST_CASE("a welcome that takes its time is waited for, and nothing is said before it") {
    Road road;
    road.agent.welcomes = false;
    road.agent.listen();
    road.step();
    road.push_many(3);
    for (int i = 0; i < 500; ++i) {
        road.step();
        road.agent.serve();
    }
    CHECK(road.agent.accepted == 1);
    CHECK(road.agent.wrong.empty());
    std::vector<std::byte> frame;
    append(frame, Welcome{.next = 1});
    road.agent.send(frame);
    road.step();
    CHECK(road.sender.counts().connected);
}

TEST_CASE("while the agent is away there are a few attempts a second, and fewer still when it is away for long") {
    Road road;
    const auto start = road.now;
    int steps = 0;
    for (; road.now < start + 60s; ++steps) road.step();
    CHECK(steps > 30);
    CHECK(steps < 200);
}

TEST_CASE("an agent that takes connections and drops them is not hammered") {
    Road road;
    const auto start = road.now;
    while (road.now < start + 30s) {
        road.agent.listen();
        road.step();
        road.agent.step();
        road.agent.die();
    }
    CHECK(road.agent.accepted < 100);
}

TEST_CASE("a stalled agent costs a look every few milliseconds") {
    Road road;
    road.agent.listen();
    road.step();
    road.agent.serve();
    road.step();
    road.agent.reads = false;
    while (road.push("/a")) continue;
    for (int i = 0; i < 100; ++i) road.step();
    CHECK(road.step() == 6ms);
}

TEST_CASE("the sender wakes up for a good write, however fast events come, and not much later for a few") {
    Road road;
    road.agent.listen();
    road.step();
    road.agent.serve();
    const auto rest_at = [&](int events_each_ms) {
        Sender::Rest rest{};
        for (int i = 0; i < 50; ++i) {
            while ((rest = road.sender.step(road.now)) == 0us) road.agent.serve();
            road.now += rest;
            for (auto left = rest * events_each_ms / 1ms; left > 0; --left) REQUIRE(road.push(std::string(210, '/')));
            road.agent.serve();
        }
        return rest;
    };
    CHECK(rest_at(0) == 6ms);
    CHECK(rest_at(1) == 6ms);
    CHECK(rest_at(60) > 1ms);  // of 250 bytes
    CHECK(rest_at(60) < 6ms);
    CHECK(rest_at(150) == 1ms);
}

TEST_CASE("without a ring drops are told on the connection, and a ring that comes later takes the totals over") {
    Road road;
    std::ofstream(road.socket + ".rings") << "a file where the folder should be";
    road.agent.listen();
    road.unassigned.add(DropReason::no_ring);
    road.unassigned.add(DropReason::no_ring);
    REQUIRE(road.until([&] { return total(road.kept().drops, DropReason::no_ring) == 2; }));
    CHECK(road.ring == nullptr);
    CHECK(road.agent.hellos[0].ring.empty());
    CHECK(road.sender.counts().dropped == 2);

    std::filesystem::remove(road.socket + ".rings");
    road.unassigned.add(DropReason::no_ring);
    REQUIRE(road.until([&] { return road.agent.hellos.size() == 2; }));
    REQUIRE(road.ring != nullptr);
    CHECK_FALSE(road.agent.hellos[1].ring.empty());
    CHECK(road.agent.hellos[0].identity.emitter == road.agent.hellos[1].identity.emitter);
    CHECK(total(road.ring.load()->drop_totals(), DropReason::no_ring) == 3);
    CHECK(road.sender.counts().dropped == 3);
    road.push_many(5);
    REQUIRE(road.until_acknowledged());
    CHECK(total(road.kept().drops, DropReason::no_ring) == 3);
}

TEST_CASE("a ring that was made before its agent came moves to where the agent looks") {
    const auto places = [](const MemoryFolder& folder) {
        return AgentPlaces::in({folder / "first", folder / "second"}, ::geteuid());
    };
    Road road(places);
    road.step();
    REQUIRE(std::filesystem::exists(road.folder / "first/agent.sock.rings"));
    road.push_many(100);
    Ring* const before = road.ring;

    std::filesystem::create_directory(road.folder / "second");
    FakeAgent agent(road.folder / "second/agent.sock");
    agent.listen();
    for (int i = 0; i < 300 && agent.hellos.size() < 2; ++i) {
        road.step();
        agent.serve();
    }
    REQUIRE(agent.hellos.size() == 2);
    CHECK(road.ring != before);
    CHECK_FALSE(before->reserve(8));
    CHECK(agent.byes == 1);
    CHECK(agent.kept[agent.hellos[0].identity.emitter].records == road.pushed);
    CHECK(std::filesystem::is_empty(road.folder / "first/agent.sock.rings"));
    CHECK(std::filesystem::exists(road.folder / ("second/agent.sock.rings/" + agent.hellos[1].ring)));

    road.pushed.clear();
    road.push_many(10);
    for (int i = 0; i < 100; ++i) {
        road.step();
        agent.serve();
    }
    CHECK(agent.kept[agent.hellos[1].identity.emitter].records == road.pushed);
    CHECK(road.sender.counts().accepted == 110);
    CHECK(road.sender.counts().acknowledged == 110);
    CHECK(agent.wrong.empty());
}

TEST_CASE("a closed sender whose agent is elsewhere sends from the ring it has and makes no other") {
    const auto places = [](const MemoryFolder& folder) {
        return AgentPlaces::in({folder / "first", folder / "second"}, ::geteuid());
    };
    Road road(places);
    road.step();
    road.push_many(10);
    road.sender.close();
    std::filesystem::create_directory(road.folder / "second");
    FakeAgent agent(road.folder / "second/agent.sock");
    agent.listen();
    road.now += 5s;
    for (int i = 0; i < 100; ++i) {
        road.step();
        agent.serve();
    }
    CHECK(road.sender.drained());
    CHECK(road.ring == nullptr);
    CHECK(agent.hellos.size() == 1);
    CHECK(agent.kept[agent.hellos[0].identity.emitter].records == road.pushed);
}

TEST_CASE("a sender that closes while the agent is away tries it at once, once more") {
    Road road;
    while (road.step() < 500ms) continue;
    road.push_many(1);
    road.sender.step(road.now);
    road.agent.listen();
    road.sender.step(road.now);
    road.agent.step();
    CHECK(road.agent.accepted == 0);
    road.sender.close();
    road.sender.step(road.now);
    road.agent.step();
    CHECK(road.agent.accepted == 1);
}

TEST_CASE("a sender that closes sends what is left, says bye and removes its ring") {
    Road road;
    road.agent.listen();
    road.step();
    road.push_many(10);
    Ring& ring = *road.ring;
    road.sender.close();
    CHECK(road.ring == nullptr);
    CHECK_FALSE(ring.reserve(8));
    CHECK_FALSE(road.sender.drained());
    REQUIRE(road.until([&] { return road.sender.drained(); }));
    road.sender.part();
    road.agent.serve();
    CHECK(road.agent.byes == 1);
    CHECK(road.kept().records == road.pushed);
    CHECK(road.rings() == 0);
}

TEST_CASE(
    "a sender that closes leaves the ring to the agent when something in it is not acknowledged, or was dropped") {
    auto road = std::make_unique<Road>();
    road->agent.listen();
    road->step();
    SUBCASE("an event") {
        road->agent.acks = false;
        road->push_many(10);
    }
    SUBCASE("a drop") { road->ring.load()->count_drop(DropReason::invalid); }
    road->sender.close();
    for (int i = 0; i < 50; ++i) {
        road->step();
        road->agent.serve();
    }
    road->sender.part();
    CHECK(road->rings() == 1);
}
