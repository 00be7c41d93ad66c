// The StatsD sink against a receiver of our own; against real ones in tests/peers.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/line_load.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/port.h"
#include "tests/integration/peers/scrape_watch.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

std::string udp(int port) { return "udp://127.0.0.1:" + std::to_string(port); }

double of_statsd(const Agent& agent, const std::string& name, const std::string& reason = "") {
    Labels labels{{"sink", "statsd"}};
    if (!reason.empty()) labels["reason"] = reason;
    return agent.scrape().sum("outrigger_sink_" + name, labels);
}

bool delivered(const Agent& agent, double wanted) {
    return eventually(20s, [&] { return of_statsd(agent, "delivered_events_total") >= wanted; });
}

std::size_t times_in(const std::string& text, const std::string& what) {
    std::size_t times = 0;
    for (std::size_t at = text.find(what); at != text.npos; at = text.find(what, at + 1)) ++times;
    return times;
}

TEST_CASE("each request that an app serves arrives once, with its tags; a stop flushes what is left") {
    const int port = free_port();
    const Datagrams receiver(port);
    Agent agent({"--statsd", udp(port)});
    agent.start();
    ScrapeWatch watch(agent, 50ms);
    {
        DemoApp app(agent, 2, {{"DD_SERVICE", "shop"}, {"DD_ENV", "prod"}, {"DD_VERSION", "1.0.3"}});
        CHECK(offer({app.port(), mixed_paths({{"/", 300}, {"/green", 300}, {"/red", 100}})}).failures.empty());
        CHECK(delivered(agent, 700));
        CHECK(receiver.sum("request_count") == 700);
        CHECK(receiver.sum("request_count", ",endpoint:/red,status:500,") == 100);
        CHECK(receiver.sum("request_count", ",service:shop,env:prod,version:1.0.3,method:GET,endpoint:/,status:200,") ==
              300);
        CHECK(receiver.weight("request_latency_seconds") == 700);
        CHECK(offer({app.port(), mixed_paths({{"/", 50}})}).failures.empty());
        CHECK(app.stop() == 0);
    }
    CHECK(eventually(10s, [&] { return agent.scrape().sum("http_requests_total") == 750; }));
    watch.stop();
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    CHECK(agent.stop() == 0);
    CHECK(receiver.sum("request_count") == 750);
    CHECK(receiver.nonsense().empty());
    agent.start();
    CHECK(of_statsd(agent, "delivered_events_total") == 750);
    CHECK(of_statsd(agent, "pending_events") == 0);
    CHECK(agent.stop() == 0);
}

TEST_CASE(
    "a million events become some hundred packets a flush, which fit the wire, exact counts and quantiles within 2 %") {
    const int port = free_port();
    const Datagrams receiver(port);
    Agent agent({"--statsd", udp(port)});
    agent.start();
    const LineLoad load{.events = 1'000'000};
    REQUIRE(offer_lines(agent, load));
    CHECK(eventually(60s, [&] { return of_statsd(agent, "delivered_events_total") >= 1'000'000; }));
    CHECK(receiver.sum("request_count") == 1'000'000);
    CHECK(receiver.weight("request_latency_seconds") == 1'000'000);
    for (const double q : {0.5, 0.9, 0.99})
        CHECK(receiver.quantile("request_latency_seconds", q) == doctest::Approx(quantile_of(load, q)).epsilon(0.02));
    CHECK(receiver.greatest_packet() <= 1432);
    const auto flushes = std::ranges::count_if(receiver.lines(), [](const std::string& line) {
        return line.starts_with("request_count:") && line.contains(",endpoint:/green,");
    });
    MESSAGE(receiver.packets() << " packets in " << flushes << " flushes");
    CHECK(receiver.packets() < 120 * static_cast<std::size_t>(flushes));
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(agent.stop() == 0);
}

TEST_CASE("values of all sizes in ten thousand label sets cost a bounded memory, and no event its count") {
    const TemporaryFolder folder;
    const auto path = folder / "dsd.socket";
    const Datagrams receiver(path);  // which loses nothing, however slow it is
    Agent agent({"--statsd", "unix://" + path.string()});
    agent.start();
    LineClient client(agent.socket());
    constexpr int rounds = 60;
    constexpr int sets = 5'000;
    long greatest_kib = 0;
    for (int round = 0; round < rounds; ++round) {
        std::string lines;
        const std::string value = (round % 2 == 0 ? "1e" : "-1e") + std::to_string(round * 10 - 300);
        const std::string duration = std::to_string(std::int64_t{1} << round);
        for (int set = 0; set < sets; ++set) {
            const std::string number = std::to_string(set);
            lines += R"({"type":"metric","kind":"histogram","name":"hostile","value":)" + value +
                     R"(,"tags":{"set":")" + number + "\"}}\n";
            lines += R"({"route":"/)" + number + R"(","status":200,"duration_us":)" + duration + "}\n";
        }
        REQUIRE(client.send(lines));
        greatest_kib = std::max(greatest_kib, agent.resident_kib());
    }
    const double events = rounds * sets;
    CHECK(eventually(
        60s, [&] { return of_statsd(agent, "pending_events") == 0 && receiver.sum("request_count") == events; }));
    greatest_kib = std::max(greatest_kib, agent.resident_kib());
    MESSAGE(greatest_kib << " KiB");
    if (!sanitized()) CHECK(greatest_kib < 96 * 1024);
    CHECK(receiver.weight("request_latency_seconds") == events);
    CHECK(eventually(10s, [&] { return receiver.weight("hostile") == events; }));
    CHECK(receiver.nonsense().empty());
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(agent.stop() == 0);
}

TEST_CASE("an agent that is killed under load counts what it cannot know to be sent: nothing arrives twice") {
    const int port = free_port();
    const Datagrams receiver(port);
    Agent agent({"--statsd", udp(port)});
    agent.start();
    DemoApp app(agent, 2);
    ScrapeWatch watch(agent, 50ms, ScrapeWatch::Life::restarts);
    for (int kill = 0; kill < 6; ++kill) {
        CHECK(offer({app.port(), mixed_paths({{"/", 500}}), 2, true, 3ms + kill * 100us}).failures.empty());
        agent.kill_hard();
        agent.launch();
    }
    CHECK(eventually(20s, [&] {
        const Scrape scrape = agent.scrape();
        return scrape.sum("outrigger_sink_accepted_events_total", {{"sink", "statsd"}}) == 3000 &&
               scrape.sum("outrigger_sink_pending_events", {{"sink", "statsd"}}) == 0;
    }));
    watch.stop();
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    const double arrived = receiver.sum("request_count");
    CHECK(of_statsd(agent, "delivered_events_total") <= arrived);
    CHECK(arrived <= of_statsd(agent, "delivered_events_total") + of_statsd(agent, "dropped_events_total", "restart"));
    CHECK(of_statsd(agent, "delivered_events_total") + of_statsd(agent, "dropped_events_total", "restart") == 3000);
    CHECK(agent.stop() == 0);
}

TEST_CASE("a receiver that is away is seen, said once, and costs exactly what was flushed meanwhile") {
    const int port = free_port();
    Agent agent({"--statsd", udp(port)});
    agent.start();
    CHECK(agent.ready() == 200);
    REQUIRE(offer_lines(agent, {.events = 1'000}));
    CHECK(eventually(15s, [&] { return of_statsd(agent, "dropped_events_total", "unsent") == 1'000; }));
    CHECK(of_statsd(agent, "up") == 0);
    CHECK(agent.ready() == 503);
    CHECK(agent.status().contains("onnection refused"));
    {
        const Datagrams receiver(port);
        REQUIRE(offer_lines(agent, {.events = 500, .first = 1'001}));
        CHECK(delivered(agent, 500));
        CHECK(receiver.sum("request_count") == 500);
        CHECK(of_statsd(agent, "up") == 1);
        CHECK(agent.ready() == 200);
    }
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(agent.stop() == 0);
    CHECK(times_in(agent.log(), "statsd: down") == 1);
    CHECK(times_in(agent.log(), "statsd: up again") == 1);
}

TEST_CASE("a Unix socket that is bound anew gets what comes after, and one that nobody binds is down") {
    const TemporaryFolder folder;
    const auto path = folder / "dsd.socket";
    Agent agent({"--statsd", "unix://" + path.string()});
    agent.start();
    CHECK(eventually(5s, [&] { return agent.ready() == 503; }));
    std::optional<Datagrams> receiver(path);
    CHECK(eventually(10s, [&] { return agent.ready() == 200; }));  // with nothing to send
    REQUIRE(offer_lines(agent, {.events = 20'000}));
    CHECK(delivered(agent, 20'000));
    CHECK(receiver->sum("request_count") == 20'000);
    CHECK(receiver->greatest_packet() <= 8192);
    CHECK(receiver->greatest_packet() > 1432);
    const Datagrams second(path);  // while the first still has its socket open
    REQUIRE(offer_lines(agent, {.events = 100, .first = 20'001}));
    CHECK(delivered(agent, 20'100));
    CHECK(second.sum("request_count") == 100);
    CHECK(agent.stop() == 0);
}

TEST_CASE("custom metrics arrive under their own names; gauges only when they were set") {
    const int port = free_port();
    const Datagrams receiver(port);
    Agent agent({"--statsd", udp(port)}, {{"DD_SERVICE", "shop"}, {"DD_ENV", "prod"}});
    agent.start();
    LineClient client(agent.socket());
    REQUIRE(client.send(R"({"type":"metric","kind":"count","name":"orders","value":2,"tags":{"plan":"pro"}}
{"type":"metric","kind":"gauge","name":"queue","value":-4}
{"type":"metric","kind":"histogram","name":"size","value":10}
)"));
    CHECK(eventually(10s, [&] { return receiver.weight("size") == 1; }));
    REQUIRE(client.send(R"({"type":"metric","kind":"count","name":"orders","value":1.5,"tags":{"plan":"pro"}}
)"));
    CHECK(eventually(10s, [&] { return receiver.sum("orders", ",service:shop,plan:pro,env:prod,") == 3.5; }));
    CHECK(receiver.weight("queue") == 2);  // 0 and -4, once
    CHECK(receiver.nonsense().empty());
    CHECK(agent.stop() == 0);
}

TEST_CASE("switched off and on again: what came meanwhile is counted as such, and nothing else") {
    const int port = free_port();
    const Datagrams receiver(port);
    Agent agent({"--statsd", udp(port)});
    agent.start();
    REQUIRE(offer_lines(agent, {.events = 100}));
    CHECK(delivered(agent, 100));
    CHECK(agent.stop() == 0);
    agent.flags = {};
    agent.start();
    REQUIRE(offer_lines(agent, {.events = 30, .first = 101}));
    agent.kill_hard();
    agent.flags = {"--statsd", udp(port)};
    agent.start();
    REQUIRE(offer_lines(agent, {.events = 5, .first = 131}));
    CHECK(delivered(agent, 105));
    CHECK(of_statsd(agent, "dropped_events_total", "off") == 30);
    CHECK(of_statsd(agent, "accepted_events_total") == 135);
    CHECK(receiver.sum("request_count") == 105);
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(agent.stop() == 0);
}

}  // namespace
}  // namespace outrigger::peers
