// The agent's CPU time under a steady load, as a share of one core, with each sink alone, with all four and with none
// (the metrics are always there). Postgres and whoever takes datagrams and traces are not counted. The app has one
// process; at 10,000 requests a second also five, which share them, and whose senders wake each on its own. Beside them
// what a thread takes that only writes and syncs as many bytes.
//
//   agent_bench all RATE SECONDS [EMITTERS]     all four sinks under that load, and says the agent's process, for a
//                                               profiler
#include <chrono>
#include <cstdio>
#include <memory>

#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/paced_app.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/trace_drain.h"
#include "tests/bench/yardsticks/bare_sync.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

using Flags = std::vector<std::string>;
constexpr int usual_rate = 10'000, workers = 5;

// What comes in 6 ms, as it lies in the journal: a typical request's record and its head.
std::size_t bytes_of_a_batch(int events_per_s) { return static_cast<std::size_t>(events_per_s) * 200 * 6 / 1000; }

class Busy {
  public:
    Busy(const Flags& flags, int emitters) : agent_(flags) {
        agent_.start();
        app_ = std::make_unique<PacedApp>(agent_.socket(), emitters);
    }
    Values measure(int events_per_s, std::chrono::milliseconds length) {
        app_->run(events_per_s, 300ms);
        const double syncs = syncs_so_far(), cpu = process_seconds(agent_.id()), start = wall_seconds();
        const std::uint64_t before = app_->recorded(), dropped = app_->dropped();
        app_->run(events_per_s, length);
        const double spent = process_seconds(agent_.id()) - cpu, seconds = wall_seconds() - start;
        return {{"cpu_percent", 100 * spent / seconds},
                {"cpu_us", spent * 1e6 / static_cast<double>(app_->recorded() - before)},
                {"batches_per_s", (syncs_so_far() - syncs) / seconds},
                {"dropped", static_cast<double>(app_->dropped() - dropped)},
                {"resident_mib", resident_mib(agent_.id())}};
    }
    pid_t process() const { return agent_.id(); }
    PacedApp& app() { return *app_; }

  private:
    // One for each batch. A scrape is the agent's work, too: not while its time is taken.
    double syncs_so_far() const { return agent_.scrape().sum("outrigger_journal_sync_seconds_count"); }

    peers::Agent agent_;
    std::unique_ptr<PacedApp> app_;
};

struct Kind {
    std::string what;
    Flags flags;
    int emitters = 1;
    bool whole_run = false;
};

void compare(const std::vector<Kind>& kinds, const Size& size) {
    std::vector<std::pair<Kind, std::unique_ptr<Busy>>> all;
    for (const Kind& kind : kinds)
        if (!size.quick || !kind.whole_run) all.emplace_back(kind, std::make_unique<Busy>(kind.flags, kind.emitters));
    const auto length = size.of(4'000ms, 2'000ms);  // StatsD flushes each 2 s
    for (const int rate : size.quick ? std::vector{usual_rate} : std::vector{1'000, usual_rate, 50'000}) {
        std::vector<Contender> contenders;
        for (const auto& [kind, busy] : all)
            if (kind.emitters == 1 || rate == usual_rate)
                contenders.push_back({kind.what, [&busy = *busy, rate, length] { return busy.measure(rate, length); }});
        contenders.push_back({"write and sync", [rate, length]() -> Values {
                                  return {{"cpu_percent", write_and_sync(bytes_of_a_batch(rate), length).cpu_percent}};
                              }});
        take_turns("agent", std::to_string(rate / 1000) + ",000 requests a second", size.of(3, 2), contenders);
    }
}

}  // namespace

void run(const Size& size, const std::vector<std::string>& arguments) {
    const peers::PostgresCluster postgres;
    const peers::TemporaryFolder folder(peers::TemporaryFolder::Place::memory);
    const peers::Datagrams receiver(folder / "statsd.sock");
    const TraceDrain drain;
    const Flags statsd{"--statsd", "unix://" + (folder / "statsd.sock").string()};
    const Flags rows{"--postgres", postgres.uri()}, traces{"--traces", drain.url()};
    Flags all = statsd;
    all.insert(all.end(), rows.begin(), rows.end());
    all.insert(all.end(), traces.begin(), traces.end());
    if (arguments.size() >= 3 && arguments[0] == "all") {
        Busy busy(all, arguments.size() > 3 ? std::stoi(arguments[3]) : 1);
        std::printf("%d\n", busy.process());
        std::fflush(stdout);
        busy.app().run(std::stoi(arguments[1]), std::chrono::seconds(std::stoi(arguments[2])));
        return;
    }
    compare({{"metrics alone", {}},
             {"metrics and StatsD", statsd, 1, true},
             {"metrics and rows", rows, 1, true},
             {"metrics and traces", traces, 1, true},
             {"all four sinks", all},
             {"metrics alone, 5 emitters", {}, workers, true},
             {"all four sinks, 5 emitters", all, workers}},
            size);
}

}  // namespace outrigger::bench
