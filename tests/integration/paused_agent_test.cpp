#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/request_log.h"
#include "tests/integration/peers/scrape_watch.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

std::chrono::seconds length_of_pause() { return std::getenv("LONG_PAUSES") != nullptr ? 30s : 10s; }

double dropped_by_emitters(const Scrape& scrape) { return scrape.sum("outrigger_emitter_dropped_events_total"); }

// Accepted and dropped events make up what was answered, to the unit, once all has arrived; and the table has what was
// accepted.
void check_all_accounted(const Agent& agent, const PostgresCluster& cluster, std::size_t answered) {
    const auto wanted = static_cast<double>(answered);
    CHECK(eventually(30s, [&] {
        const Scrape scrape = agent.scrape();
        return scrape.sum("http_requests_total") + dropped_by_emitters(scrape) == wanted;
    }));
    const Scrape scrape = agent.scrape();
    CAPTURE(scrape.sum("http_requests_total"));
    CAPTURE(dropped_by_emitters(scrape));
    CHECK(scrape.sum("http_requests_total") + dropped_by_emitters(scrape) == wanted);
    CHECK(rows_reach(cluster, static_cast<long>(scrape.sum("http_requests_total")), 30s));
    CHECK(static_cast<double>(balance(cluster).rows) + dropped_by_emitters(scrape) == wanted);
    CHECK(balance(cluster).difference == 0);
}

Outcome offer_paced(const DemoApp& app, std::chrono::seconds length) {
    const auto count = static_cast<int>(length.count()) * 1000;
    return offer({app.port(), mixed_paths({{"/green", count}}), 4, true, 3500us});
}

// Not felt: nothing failed, none waited, and the slowest hundredth is no slower than beside a running agent, noise of a
// busy machine allowed for.
void check_unharmed(const Outcome& outcome, const Outcome& beside_running_agent) {
    CHECK(outcome.failures.empty());
    CAPTURE(outcome.quantile(0.99).count());
    CAPTURE(beside_running_agent.quantile(0.99).count());
    CAPTURE(outcome.quantile(1).count());
    if (!sanitized()) CHECK(outcome.quantile(1) <= 1s);
    if (!sanitized()) CHECK(outcome.quantile(0.99) <= 2 * beside_running_agent.quantile(0.99) + 5ms);
}

TEST_SUITE_BEGIN("long");

TEST_CASE("a stopped agent is not felt, and afterwards everything is there") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent);
    const Outcome before = offer_paced(app, length_of_pause() / 2);

    agent.pause();
    const Outcome during = offer_paced(app, length_of_pause());
    agent.resume();

    check_unharmed(during, before);
    check_all_accounted(agent, cluster, before.answered.size() + during.answered.size());
    CHECK(dropped_by_emitters(agent.scrape()) == 0);  // what 10 s hold fits the rings
}

TEST_CASE("an absent agent is not felt, and afterwards everything is there or counted as dropped") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent);
    const Outcome before = offer_paced(app, 3s);
    agent.stop();
    const Outcome during = offer_paced(app, 5s);
    agent.start();

    check_unharmed(during, before);
    check_all_accounted(agent, cluster, before.answered.size() + during.answered.size());
}

TEST_SUITE_END();

TEST_CASE("rings that fill while the agent is stopped drop the newest, and each drop is counted with its reason") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent, 2, {{"OUTRIGGER_RING_SIZE", "65536"}});
    agent.pause();
    const Outcome outcome = offer({app.port(), numbered_paths(3000), 4, true, 0us});
    agent.resume();

    CHECK(outcome.failures.empty());
    check_all_accounted(agent, cluster, outcome.answered.size());
    CHECK(agent.scrape().sum("outrigger_emitter_dropped_events_total", {{"reason", "ring_full"}}) > 0);
}

TEST_CASE("an app that starts before there is any agent serves, and what it recorded is there or counted as dropped") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    DemoApp app(agent, 2);
    const Outcome outcome = offer({app.port(), numbered_paths(500), 2, true, 0us});
    agent.start();

    CHECK(outcome.failures.empty());
    check_all_accounted(agent, cluster, outcome.answered.size());
}

}  // namespace
}  // namespace outrigger::peers
