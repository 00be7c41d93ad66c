#include "agent/intake/orphan_rings.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "agent/intake/record_language.h"
#include "shared/emitter/ring_file.h"
#include "tests/unit/agent/intake/kept_journal.h"

namespace outrigger::intake {

namespace {

using test::KeptJournal;
using namespace std::chrono_literals;

Hello some_hello(std::uint8_t last) {
    Hello hello;
    hello.identity.emitter[0] = 1;
    hello.identity.emitter[15] = last;
    hello.identity.service = "shop";
    return hello;
}

bool push(Ring& ring, const std::string& path, bool publish = true) {
    RequestEvent event;
    event.path = path;
    event.status = 200;
    const auto measured = measure(event);
    const auto slot = ring.reserve(measured->length);
    if (!slot) return false;
    write(event, *measured, slot->record);
    if (publish) ring.publish(*slot, {slot->record, measured->length});
    return true;
}

// A process that does this with a ring of its own, and dies without a word.
template <class Does>
void in_dying_process(const std::string& folder, std::uint8_t id, Does does) {
    const pid_t child = ::fork();
    if (child == 0) {
        auto file = RingFile::make(folder, some_hello(id), ring::least_bytes);
        if (file) does((*file)->ring());
        ::_exit(file ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WEXITSTATUS(status) == 0);
}

std::size_t rings_in(const std::string& folder) {
    std::size_t count = 0;
    for (const auto& file : std::filesystem::directory_iterator(folder))
        count += file.path().extension() == ".ring" ? 1 : 0;
    return count;
}

bool soon(const std::function<bool()>& happens) {
    for (int i = 0; i < 500 && !happens(); ++i) std::this_thread::sleep_for(10ms);
    return happens();
}

TEST_CASE("the ring of a dead process is drained in order and removed once it is kept") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) {
        for (int i = 1; i <= 500; ++i) push(ring, "/" + std::to_string(i));
    });
    journal.start_intake();
    const auto entries = journal.entries(500);
    REQUIRE(entries.size() == 500);
    CHECK(entries[0].envelope.number == 1);
    CHECK(entries[0].service == "shop");
    CHECK(entries[499].envelope.number == 500);
    CHECK(entries[499].path == "/500");
    CHECK(soon([&] { return rings_in(journal.rings()) == 0; }));
}

TEST_CASE("what was reserved and never published is journaled as torn, exactly, in the middle and at the end") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) {
        push(ring, "/1");
        push(ring, "/2", false);
        push(ring, "/3", false);
        push(ring, "/4");
        push(ring, "/5", false);
        ring.count_drop(DropReason::ring_full);
    });
    journal.start_intake();
    CHECK(soon([&] { return rings_in(journal.rings()) == 0; }));
    std::vector<journal::TornRun> torn;
    std::uint64_t dropped = 0;
    std::vector<std::uint64_t> numbers;
    for (const auto& entry : journal.entries(2)) {
        if (entry.envelope.kind == journal::Kind::torn) torn.push_back(*journal::parse_torn_run(entry.payload));
        if (entry.envelope.kind == journal::Kind::drop_total) dropped = journal::parse_drop_total(entry.payload)->total;
        if (entry.envelope.kind == journal::Kind::request) numbers.push_back(entry.envelope.number);
    }
    CHECK(numbers == std::vector<std::uint64_t>{1, 4});
    REQUIRE(torn.size() == 2);
    CHECK(torn[0].first == 2);
    CHECK(torn[0].last == 3);
    CHECK(torn[1].first == 5);
    CHECK(torn[1].last == 5);
    CHECK(torn[0].reason == journal::Missing::torn);
    CHECK(dropped == 1);
}

TEST_CASE("a ring that went round is drained from where it was released to where it was reserved") {
    KeptJournal journal;
    std::uint64_t pushed = 0;
    in_dying_process(journal.rings(), 1, [&](Ring& ring) {
        std::uint64_t number = 0;
        for (int round = 0; round < 3; ++round) {
            while (push(ring, "/" + std::to_string(number + 1))) ++number;
            if (round < 2) ring.release_through(number - 10);
        }
    });
    journal.start_intake();
    CHECK(soon([&] { return rings_in(journal.rings()) == 0; }));
    const auto entries = journal.entries(1);
    REQUIRE(!entries.empty());
    pushed = entries.back().envelope.number;
    CHECK(entries.size() == pushed - entries.front().envelope.number + 1);
    CHECK(entries.front().envelope.number > 1);
    CHECK(entries.back().path == "/" + std::to_string(pushed));
}

TEST_CASE("what is already known of a ring's emitter is passed over") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) {
        for (int i = 1; i <= 5; ++i) push(ring, "/" + std::to_string(i));
    });
    KnownEmitter known;
    known.id = some_hello(1).identity.emitter;
    known.uid = ::getuid();
    known.highest = 3;
    known.last_us = std::numeric_limits<std::int64_t>::max() / 2;
    journal.start_intake({known});
    const auto entries = journal.entries(2);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].envelope.number == 4);
}

TEST_CASE("the ring of a living process is left alone, garbage is counted once and left where it is") {
    KeptJournal journal;
    int ready[2];
    REQUIRE(::pipe(ready) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        auto file = RingFile::make(journal.rings(), some_hello(1), ring::least_bytes);
        push((*file)->ring(), "/alive");
        [[maybe_unused]] const auto told = ::write(ready[1], "x", 1);
        ::pause();
    }
    char byte = 0;
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    std::ofstream(journal.rings() + "/00000000000000000000000000000009.ring") << "garbage";
    std::ofstream(journal.rings() + "/notes.txt") << "not a ring";
    journal.start_intake();
    CHECK(soon([&] { return journal.intake().counters().rings_corrupt == 1; }));
    CHECK(journal.entries(0).empty());
    CHECK(rings_in(journal.rings()) == 2);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    CHECK(journal.entries(1).size() == 1);  // now it is dead
    CHECK(journal.intake().counters().rings_corrupt == 1);
    REQUIRE(journal.said().size() == 1);
    CHECK(journal.said()[0].find("00000000000000000000000000000009.ring") != std::string::npos);
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_CASE("a ring that is cut while it is drained has nothing published any more, and its end is found") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) {
        while (push(ring, "/")) {
        }
    });
    const auto path = std::filesystem::directory_iterator(journal.rings())->path();
    auto ring = OrphanRing::open(path, 77);
    REQUIRE(ring);
    std::filesystem::resize_file(path, ring::header_bytes);
    Emitters emitters({});
    Counters counters;
    Admission admission(emitters, counters, std::chrono::days(30), {}, {});
    REQUIRE(ring->enter(admission));
    CHECK(ring->drain(admission));
    CHECK(ring->sender().sent > 1000);  // all of them torn
    CHECK(admission.batch().bytes() < 200);
}

TEST_CASE("a ring stays while what its process had sent is still on its way to the journal") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) { push(ring, "/1"); });
    Emitters emitters({});
    Counters counters;
    Admission admission(emitters, counters, std::chrono::days(30), {}, {});
    Sender sender;
    sender.id = 5;
    Identity identity = some_hello(1).identity;
    identity.uid = ::getuid();
    REQUIRE(admission.hello(sender, identity, 1));
    RequestEvent event;
    event.path = "/1";
    event.status = 200;
    const auto measured = measure(event);
    write(event, *measured, admission.request(sender, event, measured->length));
    admission.leave(sender);

    AllowList everyone({}, {});
    OrphanRings rings(journal.rings(), everyone, [](const std::string&) {});
    const auto drain = [&] {
        rings.look(admission, 1, [] { return 77; });
        rings.drain(admission);
        return rings_in(journal.rings());
    };
    CHECK(drain() == 1);
    admission.close_batch();
    admission.batch().clear();
    admission.batch_taken();
    CHECK(drain() == 1);
    CHECK(admission.batch().empty());  // it had nothing new
    admission.batch_kept();
    CHECK(drain() == 0);
}

TEST_CASE("nobody says hello for the ring of a dead process while it is drained") {
    Emitters emitters({});
    journal::Batch batch;
    Identity identity;
    identity.emitter[0] = 5;
    Emitter& drained = **emitters.welcome(identity, 1, 1000, batch);
    drained.draining = true;
    CHECK(emitters.is_drained(identity.uid, identity.emitter));
    REQUIRE_FALSE(emitters.welcome(identity, 1, 1000, batch));
    CHECK(emitters.welcome(identity, 1, 1000, batch).error().reason == Refusal::bad_hello);
    drained.known = true;
    emitters.leave(drained, batch);
    CHECK(emitters.welcome(identity, 1, 1000, batch));
}

TEST_CASE("the hello of a process that died before it was read is shown out, and is nobody's mistake") {
    Emitters emitters({});
    Counters counters;
    Admission admission(emitters, counters, std::chrono::days(30), {}, {});
    journal::Batch batch;
    Identity identity = some_hello(1).identity;
    identity.uid = ::getuid();
    (*emitters.welcome(identity, 1, 1000, batch))->draining = true;
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
    const FileDescriptor client{ends[1]};
    Connection connection(FileDescriptor{ends[0]}, 77, ::getuid());
    std::vector<std::byte> bytes(record_magic.size());
    std::memcpy(bytes.data(), record_magic.data(), record_magic.size());
    append(bytes, some_hello(1));
    CHECK_FALSE(records::take(connection, admission, bytes).close);
    CHECK(connection.said_bye);
    CHECK(connection.output.empty());
    CHECK(counters.refused[static_cast<std::size_t>(Refusal::bad_hello)] == 0);
    CHECK(counters.broken_frames == 0);
}

TEST_CASE("a large ring is drained bit by bit, so that others have their turn") {
    KeptJournal journal;
    const pid_t child = ::fork();
    if (child == 0) {
        const auto file = RingFile::make(journal.rings(), some_hello(1), 16 * 1024 * 1024);
        while (push((*file)->ring(), "/", false)) {
        }
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    auto ring = OrphanRing::open(std::filesystem::directory_iterator(journal.rings())->path(), 77);
    REQUIRE(ring);
    Emitters emitters({});
    Counters counters;
    Admission admission(emitters, counters, std::chrono::days(30), {}, {});
    REQUIRE(ring->enter(admission));
    int rounds = 1;
    while (!ring->drain(admission)) ++rounds;
    CHECK(rounds >= 8);
}

TEST_CASE("what one user leaves in the folder is looked at up to a bound, and forgotten when it is gone") {
    KeptJournal journal;
    std::filesystem::create_directory(journal.rings());
    const auto garbage = [&](int i) { return journal.rings() + "/garbage" + std::to_string(i) + ".ring"; };
    for (int i = 0; i < 200; ++i) std::ofstream(garbage(i)) << "not a ring";
    Emitters emitters({});
    Counters counters;
    Admission admission(emitters, counters, std::chrono::days(30), {}, {});
    AllowList everyone({}, {});
    OrphanRings rings(journal.rings(), everyone, [](const std::string&) {});
    for (int look = 0; look < 3; ++look) rings.look(admission, 1, [] { return 77; });
    CHECK(counters.rings_corrupt == 2 * limits::rings_of_one_uid);
    for (int i = 0; i < 200; ++i) std::filesystem::remove(garbage(i));
    rings.look(admission, 1, [] { return 77; });
    for (int i = 0; i < 200; ++i) std::ofstream(garbage(i)) << "not a ring";
    rings.look(admission, 1, [] { return 77; });
    CHECK(counters.rings_corrupt == 4 * limits::rings_of_one_uid);
}

TEST_CASE("killed between the two places of a fresh id, a ring belongs to the id in its header") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) { push(ring, "/1"); });
    const EmitterId fresh = some_hello(7).identity.emitter;
    for (const auto& file : std::filesystem::directory_iterator(journal.rings())) {
        std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(offsetof(ring::Header, emitter));
        bytes.write(reinterpret_cast<const char*>(fresh.data()), std::ssize(fresh));
    }
    KnownEmitter known;  // of the old id the agent knows more than there is: that is why a fresh one was taken
    known.id = some_hello(1).identity.emitter;
    known.uid = ::getuid();
    known.highest = 5;
    known.last_us = std::numeric_limits<std::int64_t>::max() / 2;
    journal.start_intake({known});
    CHECK(journal.entries(1).size() == 1);
    CHECK(soon([&] { return rings_in(journal.rings()) == 0; }));
    CHECK(journal.intake().counters().rings_corrupt == 0);
}

TEST_CASE("a drop total that cannot be is passed over and counted, and what is in the ring is drained") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) {
        push(ring, "/1");
        ring.add_drops(DropReason::ring_full, std::uint64_t{0} - 1);
        ring.add_drops(DropReason::no_ring, limits::last_number);
    });
    journal.start_intake();
    CHECK(soon([&] { return rings_in(journal.rings()) == 0; }));
    std::vector<std::uint64_t> totals;
    for (const auto& entry : journal.entries(1))
        if (entry.envelope.kind == journal::Kind::drop_total)
            totals.push_back(journal::parse_drop_total(entry.payload)->total);
    CHECK(totals == std::vector{limits::last_number});
    CHECK(journal.intake().counters().rings_corrupt == 1);
}

TEST_CASE("an id that another user's emitter has used, too, keeps no ring from being drained") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) {
        for (int i = 1; i <= 5; ++i) push(ring, "/" + std::to_string(i));
    });
    KnownEmitter known;
    known.id = some_hello(1).identity.emitter;
    known.uid = ::getuid() + 1;
    known.highest = 3;
    known.last_us = std::numeric_limits<std::int64_t>::max() / 2;
    journal.start_intake({known});
    const auto entries = journal.entries(5);
    REQUIRE(entries.size() == 5);
    CHECK(entries[0].envelope.number == 1);
    CHECK(soon([&] { return rings_in(journal.rings()) == 0; }));
    CHECK(journal.intake().counters().rings_corrupt == 0);
}

TEST_CASE("bytes scribbled over a dead ring cost only what they hit") {
    KeptJournal journal;
    in_dying_process(journal.rings(), 1, [](Ring& ring) {
        for (int i = 1; i <= 100; ++i) push(ring, "/" + std::to_string(i));
    });
    for (const auto& file : std::filesystem::directory_iterator(journal.rings())) {
        std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
        bytes.seekp(static_cast<std::streamoff>(ring::header_bytes + 40 * ring::cell_bytes + 30));
        bytes << "scribble";
    }
    journal.start_intake();
    CHECK(soon([&] { return rings_in(journal.rings()) == 0; }));
    std::size_t requests = 0;
    std::uint64_t torn = 0;
    for (const auto& entry : journal.entries(99)) {
        if (entry.envelope.kind == journal::Kind::request) ++requests;
        if (entry.envelope.kind == journal::Kind::torn) {
            const auto run = *journal::parse_torn_run(entry.payload);
            torn += run.last - run.first + 1;
        }
    }
    CHECK(requests == 99);
    CHECK(torn == 1);
}

}  // namespace

}  // namespace outrigger::intake
