#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <random>
#include <set>
#include <thread>
#include <utility>

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

class Dice {
  public:
    int from(int low, int high) { return std::uniform_int_distribution(low, high)(random_); }
    void pause(int low_ms, int high_ms) {
        std::this_thread::sleep_for(std::chrono::milliseconds{from(low_ms, high_ms)});
    }

  private:
    std::mt19937 random_{std::random_device{}()};
};

// Which; 0: none is there.
pid_t kill_a_worker(const DemoApp& app, Dice& dice) {
    const std::vector<pid_t> workers = app.workers();
    if (workers.empty()) return 0;
    const pid_t chosen = workers[static_cast<std::size_t>(dice.from(0, static_cast<int>(workers.size()) - 1))];
    ::kill(chosen, SIGKILL);
    return chosen;
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

// A load in ten parts, and further ones until it is told to end: a kill after the load would prove nothing.
class LongLoad {
  public:
    explicit LongLoad(std::function<Load(int part)> parts)
        : outcome_(std::async(std::launch::async, [this, parts = std::move(parts)] {
              Outcome all;
              for (int part = 0; part < 10 || !may_end_; ++part) all.add(offer(parts(part)));
              return all;
          })) {}
    ~LongLoad() { may_end_ = true; }

    Outcome end() {
        may_end_ = true;
        return outcome_.get();
    }

  private:
    std::atomic<bool> may_end_ = false;
    std::future<Outcome> outcome_;
};

// Postgres crashes after each fourth kill, and is away until the next. So many requests at least.
void check_kills_of_the_agent(int kills, int least) {
    PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent);
    ScrapeWatch watch(agent, 100ms, ScrapeWatch::Life::restarts);
    Dice dice;

    LongLoad load([&](int) -> Load {
        const int fifth = least / 50;
        return {app.port(), mixed_paths({{"/", 2 * fifth}, {"/green", 2 * fifth}, {"/red", fifth}}), 4, true, 3500us};
    });
    for (int i = 0; i < kills; ++i) {
        dice.pause(200, 600);
        agent.kill_hard();
        agent.launch();
        if (i % 4 == 1) cluster.stop_immediate();
        if (i % 4 == 2) cluster.start();
    }
    const Outcome outcome = load.end();

    CHECK(outcome.failures.empty());
    const auto requests = static_cast<long>(outcome.answered.size());
    CHECK(requests >= least);
    CHECK(settles(agent, cluster, outcome.answered.size()));
    watch.stop();
    CHECK(watch.scrapes() >= 3 * kills);
    for (const std::string& problem : watch.problems()) FAIL_CHECK(problem);
    CHECK(accepted_requests(agent) == static_cast<double>(requests));
    CHECK(to_text(counts_in_scrape(agent.scrape())) == to_text(outcome.answers));
    CHECK(to_text(counts_in_table(cluster)) == to_text(outcome.answers));
    const Balance books = balance(cluster);
    CHECK(books.accepted == requests);
    CHECK(books.rows == requests);
    CHECK(books.difference == 0);
    CHECK(books.duplicates == 0);
    CHECK(agent.stop() == 0);
}

// Each fourth together with the agent. So many requests at least.
void check_kills_of_workers(int kills, int least) {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent);
    ScrapeWatch watch(agent, 100ms, ScrapeWatch::Life::restarts);
    Dice dice;

    LongLoad load(
        [&](int part) -> Load { return {app.port(), numbered_paths(least / 10, part * (least / 10)), 6, true, 6ms}; });
    for (int i = 0; i < kills; ++i) {
        dice.pause(100, 350);
        kill_a_worker(app, dice);
        if (i % 4 == 3) {
            agent.kill_hard();
            agent.launch();
        }
    }
    const Outcome outcome = load.end();

    CHECK(outcome.answered.size() + outcome.failures.size() >= static_cast<std::size_t>(least));
    CHECK(outcome.answered.size() > outcome.failures.size());
    CHECK(eventually(10s, [&] { return app.workers().size() == 5; }));
    CHECK(settles(agent, cluster, outcome.answered.size()));
    watch.stop();
    CHECK(watch.scrapes() >= kills);
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

TEST_SUITE_BEGIN("long");

TEST_CASE("20 kills of the agent and 5 crashes of Postgres under load: each request is counted once and stored once") {
    check_kills_of_the_agent(20, 20'000);
}

TEST_CASE("20 kills of workers, 5 of them together with the agent: each request that was answered is there, once") {
    check_kills_of_workers(20, 12'000);
}

TEST_SUITE_END();

TEST_CASE("3 kills of the agent and a crash of Postgres under load") { check_kills_of_the_agent(3, 4'000); }

TEST_CASE("4 kills of workers, one of them together with the agent") { check_kills_of_workers(4, 2'500); }

TEST_CASE("an agent and a worker that are killed together lose nothing that was answered") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent, 2);
    Dice dice;
    const Outcome first = offer({app.port(), numbered_paths(300), 2, true, 0us});
    const pid_t killed = kill_a_worker(app, dice);
    agent.kill_hard();
    // Until the kernel is done with it, its socket takes connections that nobody answers.
    CHECK(eventually(10s, [&] {
        const auto workers = app.workers();
        return workers.size() == 2 && std::ranges::count(workers, killed) == 0;
    }));
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
