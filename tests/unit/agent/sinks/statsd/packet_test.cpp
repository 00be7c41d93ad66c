#include "agent/sinks/statsd/packet.h"

#include <doctest/doctest.h>

#include "agent/sinks/statsd/account.h"
#include "agent/sinks/statsd/pace.h"

using namespace outrigger;
using namespace outrigger::statsd;

TEST_CASE("packets are filled to the limit and no line is split") {
    std::vector<std::string> sent;
    std::vector<std::uint64_t> repeats;
    Packer packer(10, [&](const Packet& packet) {
        sent.push_back(packet.bytes);
        repeats.push_back(packet.repeats());
    });
    for (const char* line : {"aaaa", "bbbbb", "cccccccccc", "d", "e\nf"})
        packer.add(line, {Piece::Of::latency, 0, 2, 2});
    packer.finish();
    packer.finish();
    CHECK(sent == std::vector<std::string>{"aaaa\nbbbbb", "cccccccccc", "d\ne\nf"});
    CHECK(repeats == std::vector<std::uint64_t>{4, 2, 4});
}

TEST_CASE("an event is delivered when its counter and its latency both went") {
    fold::Deltas deltas;
    deltas.requests.resize(3);
    Account account(deltas);
    const auto handled = [&](Piece piece, bool sent) { account.handled(std::span(&piece, 1), sent); };
    handled({Piece::Of::count, 0, 10}, true);
    handled({Piece::Of::latency, 0, 6}, true);
    handled({Piece::Of::latency, 0, 4}, false);
    handled({Piece::Of::count, 1, 5}, false);
    handled({Piece::Of::latency, 1, 5}, true);
    handled({Piece::Of::count, 2, 7}, true);
    handled({Piece::Of::latency, 2, 7}, true);
    handled({Piece::Of::custom, 0, 3}, false);
    handled({Piece::Of::custom, 1, 2}, true);
    CHECK(account.delivered() == 13);
    CHECK(account.unsent() == 9);
    CHECK(account.unsent_metrics() == 3);
}

TEST_CASE("a million observations take a second, and an idle time is not saved up") {
    using namespace std::chrono_literals;
    Pace pace;
    Pace::Time now{1h};
    CHECK(pace.wait(now) == 0ns);
    pace.sent(now, 10);
    CHECK(pace.wait(now) == 0ns);  // a few packets may follow at once
    for (int n = 0; n < 10; ++n) {
        now += pace.wait(now);
        pace.sent(now, 100'000);
    }
    CHECK(now + pace.wait(now) - Pace::Time{1h} > 990ms);
    now += 1h;
    pace.sent(now, 1'000'000);
    CHECK(pace.wait(now) > 990ms);
}
