#include "agent/intake/intake.h"

#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "shared/utc_clock.h"
#include "tests/unit/agent/intake/kept_journal.h"

namespace outrigger::intake {

namespace {

using test::KeptJournal;
using test::LineClient;

const std::string id = "9f0c0000000000000000000000000001";

std::string hello(const std::string& emitter, int first = 1) {
    return R"({"type":"hello","protocol":1,"emitter":")" + emitter + R"(","first":)" + std::to_string(first) +
           R"(,"service":"shop"})" + "\n";
}

std::string request(const std::string& path) {
    return R"({"method":"GET","path":")" + path + R"(","status":200,"duration_us":5})" + "\n";
}

std::string welcome(int next) {
    return R"({"type":"welcome","protocol":1,"next":)" + std::to_string(next) + R"(,"max_line":65536})";
}

std::string ack(int number) { return R"({"type":"ack","seq":)" + std::to_string(number) + "}"; }

// Acks are cumulative and may be fewer than lines: reads until this one.
bool reads_until(LineClient& client, const std::string& wanted) {
    for (std::string line = client.receive(); !line.empty() && line != "nothing came"; line = client.receive())
        if (line == wanted) return true;
    return false;
}

bool soon(const std::function<bool()>& happens) {
    for (int i = 0; i < 500 && !happens(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return happens();
}

TEST_CASE("lines after a hello are numbered, kept with who sent them, and acknowledged") {
    KeptJournal journal;
    journal.start_intake();
    LineClient client(journal.socket());
    client.send(hello(id));
    CHECK(client.receive() == welcome(1));
    client.send(request("/a") + "\n" + request("/b"));
    CHECK(reads_until(client, ack(2)));
    const auto entries = journal.entries(2);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].path == "/a");
    CHECK(entries[0].envelope.number == 1);
    CHECK(entries[0].service == "shop");
    CHECK(entries[1].envelope.number == 2);
    CHECK(entries[1].envelope.start == journal::Start::before_arrival);
}

TEST_CASE("many senders, each with a little, share a batch each two milliseconds") {
    KeptJournal journal;
    journal.start_intake();
    std::vector<std::unique_ptr<LineClient>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<LineClient>(journal.socket()));
        clients.back()->send(hello("9f0c000000000000000000000000000" + std::to_string(i)));
        REQUIRE(clients.back()->receive() == welcome(1));
    }
    const int before = journal.batches();
    const auto began = std::chrono::steady_clock::now();
    constexpr int each = 100;
    for (int i = 0; i < each; ++i)
        for (const auto& client : clients) {
            client->send(request("/a"));
            std::this_thread::sleep_for(std::chrono::microseconds(200));
        }
    for (const auto& client : clients) CHECK(reads_until(*client, ack(each)));
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(journal.batches() - before <= took / std::chrono::milliseconds(2) + 2);
    CHECK(journal.entries(8 * each).size() == 8 * each);
}

TEST_CASE("a sender that is alone and waits for each acknowledgement is not kept waiting") {
    KeptJournal journal;
    journal.start_intake();
    LineClient client(journal.socket());
    client.send(hello(id));
    REQUIRE(client.receive() == welcome(1));
    int number = 0;
    // A busy machine may be slow now and then.
    const bool quick = soon([&] {
        const auto began = std::chrono::steady_clock::now();
        for (int i = 0; i < 20; ++i) {
            client.send(request("/a"));
            if (!reads_until(client, ack(++number))) return false;
        }
        return std::chrono::steady_clock::now() - began < std::chrono::milliseconds(20 * 2);
    });
    CHECK(quick);
}

TEST_CASE("a refused line takes a number, is answered, journaled as a run and passed over by the ack") {
    KeptJournal journal;
    journal.start_intake();
    LineClient client(journal.socket());
    client.send(hello(id));
    CHECK(client.receive() == welcome(1));
    client.send("not json\n" + request("/a") + R"({"status":"x","duration_us":1})" + "\n");
    CHECK(reads_until(client, ack(3)));
    const auto entries = journal.entries(1);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].envelope.number == 2);
    REQUIRE(entries[1].envelope.kind == journal::Kind::refused);
    const auto run = journal::parse_refused_run(entries[1].payload);
    REQUIRE(run);
    CHECK(run->first == 1);
    CHECK(run->last == 3);
    CHECK(run->by_reason[static_cast<std::size_t>(Refusal::malformed)] == 1);
    CHECK(run->by_reason[static_cast<std::size_t>(Refusal::wrong_type)] == 1);
}

TEST_CASE("the answer to a refused line says its number, or without a hello its line") {
    KeptJournal journal;
    journal.start_intake();
    LineClient with(journal.socket());
    with.send(hello(id));
    CHECK(with.receive() == welcome(1));
    with.send(R"({"status":99,"duration_us":1})"
              "\n");
    CHECK(with.receive() ==
          R"({"type":"refused","seq":1,"reason":"out_of_range","detail":"status: an integer from 100 to 599"})");
    LineClient without(journal.socket());
    without.send("{}\n\n[]\n");
    CHECK(without.receive().starts_with(R"({"type":"refused","line":1,"reason":"missing_field")"));
    CHECK(without.receive().starts_with(R"({"type":"refused","line":3,"reason":"wrong_type")"));
    CHECK(journal.intake().counters().refused[static_cast<std::size_t>(Refusal::missing_field)] == 1);
}

TEST_CASE("without a hello lines are kept with emitter and number 0; a hello and drop totals come too late") {
    KeptJournal journal;
    journal.start_intake();
    LineClient client(journal.socket());
    client.send(request("/a") + hello(id) + R"({"type":"dropped","reason":"ring_full","total":1})" + "\n");
    CHECK(client.receive().find(R"("reason":"unexpected")") != std::string::npos);
    CHECK(client.receive().find(R"("reason":"unexpected")") != std::string::npos);
    client.send_end();
    CHECK(client.closed());
    const auto entries = journal.entries(1);
    REQUIRE(entries.size() == 1);
    CHECK(entries[0].envelope.emitter == 0);
    CHECK(entries[0].envelope.number == 0);
}

TEST_CASE("who comes again is welcomed with the next number, also when what it sent is still in flight") {
    KeptJournal journal;
    journal.start_intake();
    LineClient first(journal.socket());
    first.send(hello(id));
    CHECK(first.receive() == welcome(1));
    first.send(request("/a") + request("/b"));
    CHECK(reads_until(first, ack(2)));
    LineClient second(journal.socket());
    second.send(hello(id));
    CHECK(second.receive() == welcome(3));
    CHECK(first.closed());  // the newest wins
}

TEST_CASE("a welcome does not say of what is still on its way to the journal that it is kept") {
    KeptJournal journal;
    journal.start_intake();
    LineClient first(journal.socket());
    first.send(hello(id));
    CHECK(first.receive() == welcome(1));
    journal.hold();
    first.send(request("/a") + request("/b") + "not json\n");
    CHECK(first.receive().find(R"("seq":3)") != std::string::npos);
    LineClient second(journal.socket());
    second.send(hello(id));
    CHECK(first.closed());  // and its receipts go nowhere
    CHECK(second.hears_nothing_for(std::chrono::milliseconds(200)));
    LineClient other(journal.socket());
    other.send(hello("9f0c0000000000000000000000000002"));
    CHECK(other.receive() == welcome(1));  // nobody else waits
    journal.let_go();
    CHECK(second.receive() == welcome(4));
    second.send(request("/c"));
    CHECK(reads_until(second, ack(4)));
}

TEST_CASE("what is known from before this life goes on; a first beyond it is a gap, stated in the journal") {
    KeptJournal journal;
    KnownEmitter known;
    known.id[0] = 0x9f;
    known.id[1] = 0x0c;
    known.id[15] = 1;
    known.uid = ::getuid();
    known.highest = 10;
    known.last_us = utc_us();
    journal.start_intake({known});
    LineClient client(journal.socket());
    client.send(hello(id, 15));
    CHECK(client.receive() == welcome(15));
    client.send(request("/a"));
    CHECK(reads_until(client, ack(15)));
    const auto entries = journal.entries(1);
    REQUIRE(entries.size() == 2);
    const auto gap = journal::parse_torn_run(entries[0].payload);
    REQUIRE(gap);
    CHECK(gap->reason == journal::Missing::gap);
    CHECK(gap->first == 11);
    CHECK(gap->last == 14);
}

TEST_CASE("an id is its user's own: of another user, the same one is another emitter") {
    KeptJournal journal;
    KnownEmitter known;
    known.id[15] = 2;
    known.uid = ::getuid() + 1;
    known.highest = 7;
    known.last_us = utc_us();
    journal.start_intake({known});
    LineClient client(journal.socket());
    client.send(hello("00000000000000000000000000000002"));
    CHECK(client.receive() == welcome(1));
}

TEST_CASE("a bad hello is refused and the connection closed") {
    KeptJournal journal;
    journal.start_intake();
    for (
        const auto& bad :
        {hello("12"), hello(id, 0),
         std::string(
             R"({"type":"hello","protocol":1,"emitter":"9f0c0000000000000000000000000001","first":9000000000000000000})"
             "\n")}) {
        CAPTURE(bad);
        LineClient client(journal.socket());
        client.send(bad);
        CHECK(client.receive().find(R"("reason":"bad_hello")") != std::string::npos);
        CHECK(client.closed());
    }
}

TEST_CASE("what follows a bye is not taken") {
    KeptJournal journal;
    journal.start_intake();
    for (const bool with_hello : {false, true}) {
        CAPTURE(with_hello);
        LineClient client(journal.socket());
        client.send((with_hello ? hello(id) : "") + request("/a") + R"({"type":"bye"})" + "\n" + request("/late"));
        while (!client.closed()) {
        }
    }
    const auto entries = journal.entries(2);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].path == "/a");
    CHECK(entries[1].path == "/a");
}

TEST_CASE("of an emitter of which nothing is journaled nothing is known: its first is taken as it is") {
    KeptJournal journal;
    journal.start_intake();
    LineClient one(journal.socket());
    one.send(hello(id));
    CHECK(one.receive() == welcome(1));
    LineClient other(journal.socket());
    other.send(hello(id, 50));
    CHECK(other.receive() == welcome(50));
    other.send(request("/a"));
    CHECK(reads_until(other, ack(50)));
    CHECK(journal.entries(1).size() == 1);  // and no gap
}

TEST_CASE("an unfinished line is taken without a hello, and left to be sent again with one") {
    KeptJournal journal;
    journal.start_intake();
    LineClient without(journal.socket());
    std::string line = request("/rest");
    line.pop_back();
    without.send(line);
    without.send_end();
    CHECK(without.closed());
    LineClient with(journal.socket());
    with.send(hello(id));
    CHECK(with.receive() == welcome(1));
    with.send(request("/a") + R"({"method":"GET","pa)");
    with.send_end();
    CHECK(reads_until(with, ack(1)));
    const auto entries = journal.entries(2);
    REQUIRE(entries.size() == 2);
    CHECK(entries[0].path == "/rest");
    LineClient again(journal.socket());
    again.send(hello(id));
    CHECK(again.receive() == welcome(2));
}

TEST_CASE("a line of 65,536 bytes is taken, one byte more is refused and the connection closed") {
    KeptJournal journal;
    journal.start_intake();
    const std::string start = R"({"status":200,"duration_us":1,"later":")";
    const std::string end = R"("})";
    LineClient fits(journal.socket());
    fits.send(start + std::string(65'536 - start.size() - end.size(), 'x') + end + "\n");
    LineClient client(journal.socket());
    client.send(hello(id));
    CHECK(client.receive() == welcome(1));
    client.send(start + std::string(65'537 - start.size() - end.size(), 'x') + end + "\n" + request("/never"));
    CHECK(client.receive().starts_with(R"({"type":"refused","seq":1,"reason":"too_long")"));
    CHECK(reads_until(client, ack(1)));
    CHECK(client.closed());
    const auto entries = journal.entries(1);
    REQUIRE(entries.size() == 2);
    CHECK(entries[1].envelope.kind == journal::Kind::refused);
}

TEST_CASE("what is neither JSON nor records is shown out and counted") {
    KeptJournal journal;
    journal.start_intake();
    for (const auto* bad : {" {}\n", "\xef\xbb\xbf{}\n", "GET / HTTP/1.1\r\n\r\n", "OUTRIG2\n"}) {
        CAPTURE(bad);
        LineClient client(journal.socket());
        client.send(bad);
        CHECK(client.closed());
    }
    CHECK(journal.intake().counters().bad_language == 4);
}

TEST_CASE("beyond the greatest number of connections nobody comes in, and it is counted") {
    KeptJournal journal;
    journal.start_intake({}, 1);
    LineClient first(journal.socket());
    first.send(hello(id));
    CHECK(first.receive() == welcome(1));
    LineClient second(journal.socket());
    CHECK(second.closed());
    CHECK(journal.intake().counters().turned_away_full == 1);
}

TEST_CASE("as many silent clients as may be keep nobody out") {
    KeptJournal journal;
    journal.start_intake({}, 20);
    std::vector<std::unique_ptr<LineClient>> silent;
    for (int i = 0; i < 40; ++i) silent.push_back(std::make_unique<LineClient>(journal.socket()));
    std::vector<std::unique_ptr<LineClient>> clients;
    for (int i = 0; i < 20; ++i) {
        clients.push_back(std::make_unique<LineClient>(journal.socket()));
        clients.back()->send(hello(id.substr(0, 28) + std::to_string(1000 + i)));
        REQUIRE(clients.back()->receive() == welcome(1));
    }
    CHECK(silent.front()->closed());
    CHECK(silent.back()->closed());
    CHECK(journal.intake().counters().turned_away_full == 40);
    CHECK(LineClient(journal.socket()).closed());
}

TEST_CASE("that the house is full is said once, and that there is room again") {
    KeptJournal journal;
    journal.start_intake({}, 1);
    {
        LineClient first(journal.socket());
        first.send(hello(id));
        CHECK(first.receive() == welcome(1));
        for (int i = 0; i < 3; ++i) CHECK(LineClient(journal.socket()).closed());
        CHECK(soon([&] { return journal.said().size() == 1; }));
    }
    CHECK(soon([&] { return journal.said().size() == 2; }));
    CHECK(journal.said()[0].find("--max-connections") != std::string::npos);
    CHECK(journal.said()[1] == "there is room for connections again");
}

TEST_CASE("who is on neither list is shown out and counted, who is on one may stay") {
    KeptJournal journal;
    IntakeSettings settings;
    settings.allow_uids = {::geteuid() + 1};
    journal.start_intake({}, settings);
    CHECK(LineClient(journal.socket()).closed());
    CHECK(journal.intake().counters().turned_away_peer == 1);
    journal.stop_intake();

    settings.allow_gids = {::getegid()};
    journal.start_intake({}, settings);
    LineClient client(journal.socket());
    client.send(hello(id));
    CHECK(client.receive() == welcome(1));
    CHECK(journal.intake().counters().turned_away_peer == 0);
}

TEST_CASE("hundreds of clients at once, some silent and some a byte at a time: each gets what it is owed") {
    KeptJournal journal;
    journal.start_intake({}, 500);
    std::vector<std::unique_ptr<LineClient>> silent;
    for (int i = 0; i < 100; ++i) silent.push_back(std::make_unique<LineClient>(journal.socket()));
    std::vector<std::unique_ptr<LineClient>> clients;
    for (int i = 0; i < 300; ++i) {
        clients.push_back(std::make_unique<LineClient>(journal.socket()));
        clients.back()->send(hello(id.substr(0, 28) + std::to_string(1000 + i)));
    }
    for (auto& client : clients) REQUIRE(client->receive() == welcome(1));
    const std::string line = request("/slow");
    for (const char byte : line)
        for (std::size_t i = 0; i < 20; ++i) clients[i]->send(std::string(1, byte));
    for (std::size_t i = 20; i < clients.size(); ++i) clients[i]->send(request("/fast") + request("/fast"));
    for (std::size_t i = 0; i < clients.size(); ++i) REQUIRE(reads_until(*clients[i], ack(i < 20 ? 1 : 2)));
    CHECK(journal.entries(20 + 2 * 280).size() == 20 + 2 * 280);
    CHECK(journal.intake().counters().connections == 400);
}

TEST_CASE("a client that is to go and does not read is not waited for longer than patience lasts") {
    KeptJournal journal;
    IntakeSettings settings;
    settings.patience = std::chrono::milliseconds(100);
    journal.start_intake({}, settings);
    LineClient client(journal.socket());
    client.send(hello(id));
    std::string bad;
    for (int i = 0; i < 500'000; ++i) bad += "{}\n";  // answers fill the socket
    client.send(bad + R"({"type":"bye"})" + "\n");
    CHECK(soon([&] { return journal.intake().counters().lines == 500'002; }));
    CHECK(soon([&] { return journal.intake().counters().connections == 0; }));
}

TEST_CASE("much more than a batch holds is all kept, in order") {
    KeptJournal journal;
    journal.start_intake();
    LineClient client(journal.socket());
    client.send(hello(id));
    CHECK(client.receive() == welcome(1));
    std::string many;
    for (int i = 0; i < 40'000; ++i) many += request("/" + std::to_string(i));
    client.send(many);
    CHECK(reads_until(client, ack(40'000)));
    const auto entries = journal.entries(40'000);
    REQUIRE(entries.size() == 40'000);
    bool in_order = true;
    for (std::size_t i = 0; i < entries.size(); ++i) in_order &= entries[i].envelope.number == i + 1;
    CHECK(in_order);
    CHECK(entries[39'999].path == "/39999");
}

}  // namespace

}  // namespace outrigger::intake
