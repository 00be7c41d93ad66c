// The agent's memory: idle, with its metrics alone and with all four sinks, whose receivers are there; with 10,000
// series, and with a backlog that Postgres has not taken, all sinks on. Then kill -9, and how long the next start
// takes, whose Postgres is there again, some times over; beside it, reading the bytes of the data folder. Both find
// them in the page cache.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/trace_drain.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/eventually.h"
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

// A fresh agent that nobody sends anything.
Values idle(const std::vector<std::string>& flags) {
    peers::Agent agent(flags);
    agent.start();
    const bool ready = peers::eventually(20s, [&] { return agent.ready() == 200; });
    if (!ready) throw std::runtime_error("an idle agent is not ready");
    std::this_thread::sleep_for(2s);
    return {{"resident_mib", resident_mib(agent.id())}};
}

void compare_idle(std::vector<std::string> flags, int rounds) {
    const peers::PostgresCluster postgres;
    flags.insert(flags.end(), {"--postgres", postgres.uri()});
    take_turns("backlog", "memory", rounds,
               {{"idle", [] { return idle({}); }}, {"idle, all four sinks", [&] { return idle(flags); }}});
}

Values read_all(const std::filesystem::path& folder) {
    std::vector<char> room(1 << 20);
    double bytes = 0;
    const double start = wall_seconds();
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        std::ifstream file(entry.path(), std::ios::binary);
        while (file.read(room.data(), static_cast<std::streamsize>(room.size())), file.gcount() > 0)
            bytes += static_cast<double>(file.gcount());
    }
    return {{"ready_ms", (wall_seconds() - start) * 1e3}, {"read_mib", bytes / (1 << 20)}};
}

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    const peers::TemporaryFolder folder(peers::TemporaryFolder::Place::memory);
    const peers::Datagrams receiver(folder / "statsd.sock");
    const TraceDrain drain;
    const std::vector<std::string> others{"--statsd", "unix://" + (folder / "statsd.sock").string(), "--traces",
                                          drain.url()};
    compare_idle(others, size.of(3, 1));
    const double wanted_mib = size.of(1024, 64);
    const std::string nowhere = "postgresql://postgres@127.0.0.1:" + std::to_string(peers::free_port()) + "/postgres";
    std::vector<std::string> flags{"--durability", "process", "--journal-size", "2GiB"};
    flags.insert(flags.end(), others.begin(), others.end());
    flags.insert(flags.end(), {"--postgres", nowhere});
    peers::Agent agent(flags);
    agent.start();
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

    const peers::PostgresCluster postgres;
    agent.flags.back() = postgres.uri();
    double start = 0;
    for (int round = 0; round < size.of(5, 2); ++round) {
        agent.kill_hard();
        report("backlog", "start", "read the same bytes", round, read_all(agent.data()));
        start = wall_seconds();
        agent.launch();
        const double serving = wait_for(agent, "/metrics", start);
        const double ready = wait_for(agent, "/-/ready", start);
        report("backlog", "start", "after kill -9, with that backlog", round,
               {{"serving_ms", serving}, {"ready_ms", ready}});
    }
    while (agent.scrape().sum("outrigger_sink_pending_events", {{"sink", "rows"}}) > 0)
        std::this_thread::sleep_for(100ms);
    report("backlog", "memory", "after the backlog was stored", 0,
           {{"resident_mib", resident_mib(agent.id())},
            {"greatest_mib", greatest_resident_mib(agent.id())},
            {"stored_s", wall_seconds() - start}});
}

}  // namespace outrigger::bench
