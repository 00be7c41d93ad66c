#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <random>
#include <set>
#include <thread>

#include "tests/integration/peers/agent.h"
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

constexpr int kills = 20;

class Dice {
  public:
    int from(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
    void pause(int low_ms, int high_ms) {
        std::this_thread::sleep_for(std::chrono::milliseconds{from(low_ms, high_ms)});
    }

  private:
    std::mt19937 random_{std::random_device{}()};
};

void kill_a_worker(const DemoApp& app, Dice& dice) {
    const std::vector<pid_t> workers = app.workers();
    if (!workers.empty())
        ::kill(workers[static_cast<std::size_t>(dice.from(0, static_cast<int>(workers.size()) - 1))], SIGKILL);
}

double accepted_requests(const Agent& agent) {
    return agent.scrape().sum("outrigger_events_accepted_total", {{"type", "request"}});
}

// Everything that was recorded has arrived: no ring of a dead worker is left, the table has what the scrape says.
bool settles(const Agent& agent, const PostgresCluster& cluster, std::size_t at_least) {
    return eventually(60s, [&] {
        const Balance books = balance(cluster);
        return books.rows >= static_cast<long>(at_least) && static_cast<double>(books.rows) == accepted_requests(agent);
    });
}

TEST_SUITE_BEGIN("long");

TEST_CASE("20 kills of the agent and 5 crashes of Postgres under load: each request is counted once and stored once") {
    PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent);
    ScrapeWatch watch(agent, 100ms, ScrapeWatch::Life::restarts);
    Dice dice;

    std::future<Outcome> load = std::async(std::launch::async, [&] {
        return offer({app.port(), mixed_paths({{"/", 8000}, {"/green", 8000}, {"/red", 4000}}), 4, true, 3500us});
    });
    for (int i = 0; i < kills; ++i) {
        dice.pause(300, 900);
        agent.kill_hard();
        agent.launch();
        if (i % 4 == 1) cluster.stop_immediate();
        if (i % 4 == 2) cluster.start();
    }
    const Outcome outcome = load.get();

    CHECK(outcome.failures.empty());
    CHECK(outcome.answered.size() == 20000);
    CHECK(settles(agent, cluster, 20000));
    watch.stop();
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    CHECK(accepted_requests(agent) == 20000);
    CHECK(to_text(counts_in_scrape(agent.scrape())) == to_text(outcome.answers));
    CHECK(to_text(counts_in_table(cluster)) == to_text(outcome.answers));
    const Balance books = balance(cluster);
    CHECK(books.accepted == 20000);
    CHECK(books.rows == 20000);
    CHECK(books.difference == 0);
    CHECK(books.duplicates == 0);
    CHECK(agent.stop() == 0);
}

TEST_CASE("20 kills of workers, 5 of them together with the agent: each request that was answered is there, once") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent);
    ScrapeWatch watch(agent, 100ms, ScrapeWatch::Life::restarts);
    Dice dice;

    std::future<Outcome> load =
        std::async(std::launch::async, [&] { return offer({app.port(), numbered_paths(12000), 6, true, 4ms}); });
    for (int i = 0; i < kills; ++i) {
        dice.pause(200, 500);
        kill_a_worker(app, dice);
        if (i % 4 == 3) {
            agent.kill_hard();
            agent.launch();
        }
    }
    const Outcome outcome = load.get();

    CHECK(outcome.answered.size() + outcome.failures.size() == 12000);
    CHECK(outcome.answered.size() > 6000);
    CHECK(eventually(10s, [&] { return app.workers().size() == 5; }));
    CHECK(settles(agent, cluster, outcome.answered.size()));
    watch.stop();
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);

    std::set<std::string> stored;
    for (const auto& row : cluster.query("select endpoint from request_log")) stored.insert(row[0]);
    long lost = 0;
    for (const std::string& path : outcome.answered) lost += stored.contains(path) ? 0 : 1;
    CHECK(lost == 0);
    const Balance books = balance(cluster);
    CHECK(books.rows == static_cast<long>(stored.size()));
    CHECK(books.difference == 0);
    CHECK(books.duplicates == 0);
    CHECK(agent.stop() == 0);
}

TEST_SUITE_END();

TEST_CASE("an agent and a worker that are killed together lose nothing that was answered") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent, 2);
    Dice dice;
    const Outcome first = offer({app.port(), numbered_paths(300), 2, true, 0us});
    kill_a_worker(app, dice);
    agent.kill_hard();
    CHECK(eventually(5s, [&] { return app.workers().size() == 2; }));
    const Outcome second = offer({app.port(), numbered_paths(300, 300), 2, true, 0us});
    agent.start();

    const std::size_t answered = first.answered.size() + second.answered.size();
    CHECK(answered == 600);
    CHECK(settles(agent, cluster, answered));
    CHECK(balance(cluster).rows == 600);
    CHECK(balance(cluster).difference == 0);
    CHECK(cluster.number("select count(distinct endpoint) from request_log") == 600);
}

}  // namespace
}  // namespace outrigger::peers
