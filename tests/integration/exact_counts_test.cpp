#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <future>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/prometheus.h"
#include "tests/integration/peers/request_log.h"
#include "tests/integration/peers/scrape_watch.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

Outcome offer_mixed_load(int port) {
    const std::vector<std::pair<std::string, int>> half{
        {"/", 4000}, {"/green", 3980}, {"/red", 2000}, {"/simulation", 10}, {"/missing", 10}};
    const auto pause = 1500us;  // stretches the load over enough scrapes
    std::future<Outcome> kept =
        std::async(std::launch::async, [&] { return offer({port, mixed_paths(half), 4, true, pause}); });
    Outcome outcome = offer({port, mixed_paths(half), 4, false, pause});
    outcome.add(kept.get());
    return outcome;
}

// What the app serves under no route is `unmatched` in the metrics, and keeps its path in the row.
Counts by_route(Counts by_path) {
    auto missing = by_path.extract({"/missing", 404});
    if (!missing.empty()) by_path[{"unmatched", 404}] += missing.mapped();
    return by_path;
}

bool all_counted(const Agent& agent, double wanted) {
    return eventually(20s, [&] { return agent.scrape().sum("http_requests_total") >= wanted; });
}

TEST_SUITE_BEGIN("long");

TEST_CASE(
    "5 workers and 20,000 requests: each scrape is monotone and balanced, the last one and the table say exactly what "
    "was sent") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent);
    ScrapeWatch watch(agent, 50ms);

    const Outcome outcome = offer_mixed_load(app.port());
    CHECK(outcome.failures.empty());
    CHECK(outcome.answered.size() == 20000);
    CHECK(all_counted(agent, 20000));
    CHECK(rows_reach(cluster, 20000, 20s));
    watch.stop();

    CHECK(watch.scrapes() >= 60);
    CHECK(watch.missed() == 0);
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    CHECK(to_text(counts_in_scrape(agent.scrape())) == to_text(by_route(outcome.answers)));
    CHECK(promtool_findings(get(agent.port(), "/metrics").body) == "");
    const auto buckets = agent.scrape_openmetrics().all("http_request_duration_seconds_bucket");
    CHECK(std::ranges::count_if(buckets, [](const Sample& each) { return each.exemplar.has_value(); }) >= 4);
    CHECK(to_text(counts_in_table(cluster)) == to_text(outcome.answers));
    CHECK(balance(cluster).accepted == 20000);
    CHECK(balance(cluster).difference == 0);
    CHECK(balance(cluster).duplicates == 0);
    CHECK(app.stop() == 0);
    CHECK(agent.stop() == 0);
}

TEST_SUITE_END();

TEST_CASE("what workers record is counted to the unit, and survives a stop and a start of app and agent") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    {
        DemoApp app(agent, 2);
        const Outcome outcome =
            offer({app.port(), mixed_paths({{"/", 300}, {"/green", 300}, {"/red", 100}, {"/crash", 5}}), 4, true, 0us});
        CHECK(outcome.failures.empty());
        CHECK(all_counted(agent, 705));
        CHECK(to_text(counts_in_scrape(agent.scrape())) == to_text(outcome.answers));
        CHECK(outcome.answers.at({"/crash", 500}) == 5);
        CHECK(app.stop() == 0);
    }
    CHECK(agent.stop() == 0);
    agent.start();
    CHECK(agent.scrape().sum("http_requests_total") == 705);
    CHECK(rows_reach(cluster, 705, 20s));
    CHECK(balance(cluster).difference == 0);
    CHECK(cluster.number("select count(*) from request_log where message = 'Error: division by zero'") == 100);
    CHECK(agent.stop() == 0);
}

}  // namespace
}  // namespace outrigger::peers
