// The agent's memory: idle, with 10,000 series, and with a backlog that Postgres has not taken; then kill -9, and how
// long the next start takes, whose Postgres is there again.
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/rounds.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/port.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

double journal_mib(const peers::Agent& agent) {
    return agent.scrape().sum("outrigger_journal_unread_bytes") / (1 << 20);
}

// Milliseconds until `path` is answered with 200.
double wait_for(const peers::Agent& agent, const std::string& path, double start) {
    for (const double give_up = start + 120; wall_seconds() < give_up; std::this_thread::sleep_for(2ms)) {
        try {
            if (peers::get(agent.port(), path).status == 200) return (wall_seconds() - start) * 1e3;
        } catch (const std::exception&) {  // nobody listens yet
        }
    }
    throw std::runtime_error("no 200 from " + path);
}

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    const double wanted_mib = size.of(1024, 64);
    const std::string nowhere = "postgresql://postgres@127.0.0.1:" + std::to_string(peers::free_port()) + "/postgres";
    peers::Agent agent({"--durability", "process", "--journal-size", "2GiB", "--postgres", nowhere});
    agent.start();
    std::this_thread::sleep_for(2s);
    report("backlog", "memory", "idle", 0, {{"resident_mib", resident_mib(agent.id())}});

    const Load load = make_load(Language::records, {.routes = 9'900});
    Client client(agent.socket(), Language::records);
    client.send(load, load.events);
    client.wait_for_acknowledgement();
    agent.scrape();
    report("backlog", "memory", "10,000 series", 0, {{"resident_mib", resident_mib(agent.id())}});

    while (journal_mib(agent) < wanted_mib) {
        client.send(load, 20 * load.events);
        client.wait_for_acknowledgement();
    }
    report("backlog", "memory", "10,000 series and a backlog", 0,
           {{"resident_mib", resident_mib(agent.id())},
            {"greatest_mib", greatest_resident_mib(agent.id())},
            {"backlog_mib", journal_mib(agent)}});

    agent.kill_hard();
    const peers::PostgresCluster postgres;
    agent.flags.back() = postgres.uri();
    const double start = wall_seconds();
    agent.launch();
    const double serving = wait_for(agent, "/metrics", start);
    const double ready = wait_for(agent, "/-/ready", start);
    report("backlog", "start", "after kill -9, with that backlog", 0, {{"serving_ms", serving}, {"ready_ms", ready}});
    while (agent.scrape().sum("outrigger_sink_pending_events", {{"sink", "rows"}}) > 0)
        std::this_thread::sleep_for(100ms);
    report("backlog", "memory", "after the backlog was stored", 0,
           {{"resident_mib", resident_mib(agent.id())},
            {"greatest_mib", greatest_resident_mib(agent.id())},
            {"stored_s", wall_seconds() - start}});
}

}  // namespace outrigger::bench
