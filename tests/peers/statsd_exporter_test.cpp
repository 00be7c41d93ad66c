#include <doctest/doctest.h>

#include <chrono>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/line_load.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/scrape_watch.h"
#include "tests/peers/fetched_tool.h"
#include "tests/peers/statsd_exporter.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

double delivered(const Agent& agent) {
    return agent.scrape().sum("outrigger_sink_delivered_events_total", {{"sink", "statsd"}});
}

// Every sample was understood, and no packet was lost on the way.
void check_clean(const StatsdExporter& exporter) {
    const Scrape scrape = exporter.scrape();
    CHECK(scrape.sum("statsd_exporter_sample_errors_total") == 0);
    CHECK(scrape.sum("statsd_exporter_tag_errors_total") == 0);
    CHECK(scrape.sum("statsd_exporter_events_conflict_total") == 0);
    CHECK(scrape.sum("statsd_exporter_udp_packet_drops_total") == 0);
}

TEST_CASE("statsd_exporter shows exactly what an app served, under the labels of /metrics") {
    if (!has_tool("bin/statsd_exporter")) return;
    const StatsdExporter exporter;
    Agent agent({"--statsd", exporter.target()});
    agent.start();
    ScrapeWatch watch(agent, 50ms);
    DemoApp app(agent, 5, {{"DD_SERVICE", "shop"}, {"DD_ENV", "prod"}, {"DD_VERSION", "1.0.3"}});
    const Outcome outcome =
        offer({app.port(),
               mixed_paths({{"/", 4000}, {"/green", 3980}, {"/red", 2000}, {"/simulation", 10}, {"/missing", 10}})});
    CHECK(outcome.failures.empty());
    CHECK(eventually(20s, [&] {
        const Scrape now = exporter.scrape();
        return now.sum("request_count") >= 10'000 && now.sum("request_latency_seconds_count") >= 10'000;
    }));
    const Scrape scrape = exporter.scrape();
    CHECK(scrape.sum("request_count") == 10'000);
    CHECK(scrape.sum("request_latency_seconds_count") == 10'000);
    for (const Sample& sample : agent.scrape().all("http_requests_total")) {
        const Labels same{{"service", sample.labels.at("service")},
                          {"method", sample.labels.at("method")},
                          {"endpoint", sample.labels.at("route")},
                          {"status", sample.labels.at("status")},
                          {"env", "prod"},
                          {"version", "1.0.3"}};
        CHECK(scrape.sum("request_count", same) == sample.value);
    }
    const double seconds = agent.scrape().sum("http_request_duration_seconds_sum");
    CHECK(scrape.sum("request_latency_seconds_sum") == doctest::Approx(seconds).epsilon(0.011));
    watch.stop();
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    check_clean(exporter);
    CHECK(agent.stop() == 0);
}

void check_a_million(const StatsdExporter& exporter) {
    Agent agent({"--statsd", exporter.target()});
    agent.start();
    ScrapeWatch watch(agent, 100ms);
    const LineLoad load{.events = 1'000'000};
    REQUIRE(offer_lines(agent, load));
    CHECK(eventually(90s, [&] { return delivered(agent) == 1'000'000; }));
    CHECK(eventually(60s, [&] { return exporter.scrape().sum("request_latency_seconds_count") >= 1'000'000; }));
    CHECK(exporter.scrape().sum("request_count") == 1'000'000);
    CHECK(exporter.scrape().sum("request_latency_seconds_count") == 1'000'000);
    for (const double q : {0.5, 0.9, 0.99})
        CHECK(exporter.quantile("request_latency_seconds", q) == doctest::Approx(quantile_of(load, q)).epsilon(0.02));
    watch.stop();
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    check_clean(exporter);
    CHECK(agent.stop() == 0);
}

TEST_CASE("a million events cost statsd_exporter no packet over UDP: exact counts, quantiles within 2 %") {
    if (!has_tool("bin/statsd_exporter")) return;
    const StatsdExporter exporter;
    check_a_million(exporter);
    CHECK(exporter.kernel_drops() == 0);
    CHECK(exporter.scrape().sum("statsd_exporter_udp_packets_total") < 400);
}

TEST_CASE("a million events of one value, in lines that stand for 10,000 each, cost it no packet either") {
    if (!has_tool("bin/statsd_exporter")) return;
    const StatsdExporter exporter;
    Agent agent({"--statsd", exporter.target()});
    agent.start();
    LineClient client(agent.socket());
    std::string bytes;
    for (int n = 0; n < 1'000; ++n)
        bytes += R"({"method":"GET","route":"/","status":200,"duration_us":5000})"
                 "\n";
    for (int n = 0; n < 1'000; ++n) REQUIRE(client.send(bytes));
    CHECK(eventually(90s, [&] { return delivered(agent) == 1'000'000; }));
    CHECK(eventually(60s, [&] { return exporter.scrape().sum("request_latency_seconds_count") >= 1'000'000; }));
    CHECK(exporter.scrape().sum("request_latency_seconds_count") == 1'000'000);
    CHECK(exporter.scrape().sum("request_count") == 1'000'000);
    CHECK(exporter.kernel_drops() == 0);
    CHECK(agent.stop() == 0);
}

TEST_CASE("a million events arrive whole over a Unix socket, whose queue is ten packets long") {
    if (!has_tool("bin/statsd_exporter")) return;
    check_a_million(StatsdExporter(StatsdExporter::Wire::unix_datagram));
}

TEST_CASE(
    "an agent that is killed under load never shows statsd_exporter an event twice, and counts the doubtful ones") {
    if (!has_tool("bin/statsd_exporter")) return;
    const StatsdExporter exporter;
    Agent agent({"--statsd", exporter.target()});
    agent.start();
    DemoApp app(agent);
    ScrapeWatch watch(agent, 50ms, ScrapeWatch::Life::restarts);
    for (int kill = 0; kill < 8; ++kill) {
        CHECK(offer({app.port(), mixed_paths({{"/", 1'000}}), 4, true, 3ms + kill * 250us}).failures.empty());
        agent.kill_hard();
        agent.launch();
    }
    CHECK(eventually(30s, [&] {
        const Scrape scrape = agent.scrape();
        return scrape.sum("outrigger_sink_accepted_events_total", {{"sink", "statsd"}}) == 8'000 &&
               scrape.sum("outrigger_sink_pending_events", {{"sink", "statsd"}}) == 0;
    }));
    watch.stop();
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    const double sure = delivered(agent);
    const double doubtful =
        agent.scrape().sum("outrigger_sink_dropped_events_total", {{"sink", "statsd"}, {"reason", "restart"}});
    const double shown = exporter.scrape().sum("request_count");
    CHECK(sure + doubtful == 8'000);
    CHECK(sure <= shown);
    CHECK(shown <= 8'000);
    check_clean(exporter);
    CHECK(agent.stop() == 0);
}

TEST_CASE("statsd_exporter reads custom metrics as they are meant, a gauge below zero too") {
    if (!has_tool("bin/statsd_exporter")) return;
    const StatsdExporter exporter;
    Agent agent({"--statsd", exporter.target()}, {{"DD_SERVICE", "shop"}});
    agent.start();
    LineClient client(agent.socket());
    REQUIRE(client.send(R"({"type":"metric","kind":"count","name":"orders","value":2.5,"tags":{"plan":"a|b,c\nd"}}
{"type":"metric","kind":"gauge","name":"queue","value":-4}
{"type":"metric","kind":"histogram","name":"size","value":10}
{"type":"metric","kind":"histogram","name":"size","value":10}
)"));
    CHECK(eventually(15s, [&] { return exporter.scrape().sum("size_count") == 2; }));
    const Scrape scrape = exporter.scrape();
    CHECK(scrape.sum("orders", {{"service", "shop"}, {"plan", "a_b_c_d"}}) == 2.5);
    CHECK(scrape.sum("queue", {{"service", "shop"}}) == -4);
    CHECK(scrape.sum("size_sum") == doctest::Approx(20).epsilon(0.011));
    check_clean(exporter);
    CHECK(agent.stop() == 0);
}

}  // namespace
}  // namespace outrigger::peers
