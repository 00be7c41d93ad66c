// The agent's CPU time under a steady load, as a share of one core, with each sink alone, with all four and with none
// (the metrics are always there). Postgres and whoever takes datagrams and traces are not counted.
//
//   agent_bench all RATE SECONDS     all four sinks under that load, and says the agent's process, for a profiler
#include <chrono>
#include <cstdio>
#include <memory>

#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/paced_app.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/trace_drain.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

struct Busy {
    explicit Busy(std::vector<std::string> flags) : agent(std::move(flags)) {
        agent.start();
        app = std::make_unique<PacedApp>(agent.socket());
    }
    Values measure(int events_per_s, std::chrono::milliseconds length) {
        app->run(events_per_s, 300ms);
        const double cpu = process_seconds(agent.id()), start = wall_seconds();
        const std::uint64_t before = app->recorded(), dropped = app->dropped();
        app->run(events_per_s, length);
        const double spent = process_seconds(agent.id()) - cpu;
        return {{"cpu_percent", 100 * spent / (wall_seconds() - start)},
                {"cpu_us", spent * 1e6 / static_cast<double>(app->recorded() - before)},
                {"dropped", static_cast<double>(app->dropped() - dropped)},
                {"resident_mib", resident_mib(agent.id())}};
    }
    peers::Agent agent;
    std::unique_ptr<PacedApp> app;
};

}  // namespace

void run(const Size& size, const std::vector<std::string>& arguments) {
    const peers::PostgresCluster postgres;
    const peers::TemporaryFolder folder(peers::TemporaryFolder::Place::memory);
    const peers::Datagrams receiver(folder / "statsd.sock");
    const TraceDrain drain;
    const std::vector<std::string> statsd{"--statsd", "unix://" + (folder / "statsd.sock").string()};
    const std::vector<std::string> rows{"--postgres", postgres.uri()}, traces{"--traces", drain.url()};
    std::vector<std::string> all = statsd;
    all.insert(all.end(), rows.begin(), rows.end());
    all.insert(all.end(), traces.begin(), traces.end());
    if (arguments.size() == 3 && arguments[0] == "all") {
        Busy with_all(all);
        std::printf("%d\n", with_all.agent.id());
        std::fflush(stdout);
        with_all.app->run(std::stoi(arguments[1]), std::chrono::seconds(std::stoi(arguments[2])));
        return;
    }
    Busy with_none({}), with_all(all);
    std::vector<std::pair<std::string, std::unique_ptr<Busy>>> alone;
    if (!size.quick)
        for (const auto& [what, flags] :
             {std::pair{"metrics and StatsD", statsd}, {"metrics and rows", rows}, {"metrics and traces", traces}})
            alone.emplace_back(what, std::make_unique<Busy>(flags));
    const auto length = size.of(4'000ms, 2'000ms);  // StatsD flushes each 2 s
    for (const int rate : size.quick ? std::vector{10'000} : std::vector{1'000, 10'000, 50'000}) {
        std::vector<Contender> contenders{{"metrics alone", [&] { return with_none.measure(rate, length); }}};
        for (const auto& [what, busy] : alone)
            contenders.push_back({what, [&busy = *busy, rate, length] { return busy.measure(rate, length); }});
        contenders.push_back({"all four sinks", [&] { return with_all.measure(rate, length); }});
        take_turns("agent", std::to_string(rate / 1000) + ",000 requests a second", size.of(3, 2), contenders);
    }
}

}  // namespace outrigger::bench
