// How long an event is on its way: from record() to its acknowledgement, and until a query sees its row, where a batch
// is what has come in a second, and where it is 10,000 rows. Asked each millisecond, each five and what a count takes:
// so much is the most that a figure is too high. Beside the first, what one sync of the disk takes.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/paced_app.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/yardsticks/bare_sync.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

Values quantiles(std::vector<double> ms) {
    if (ms.empty()) throw std::runtime_error("nothing arrived");
    std::ranges::sort(ms);
    const auto at = [&](double share) {
        return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
    };
    return {{"p50_ms", at(0.5)}, {"p99_ms", at(0.99)}, {"longest_ms", at(1)}};
}

// Events in the order in which they were recorded, and when; arrival is told as how many have arrived.
class Journey {
  public:
    void recorded(std::uint64_t so_far) { began_.resize(so_far, wall_seconds()); }
    void arrived(std::uint64_t so_far, double when) {
        for (; arrived_ < std::min<std::uint64_t>(so_far, began_.size()); ++arrived_)
            taken_ms_.push_back((when - began_[arrived_]) * 1e3);
    }
    bool all() const { return arrived_ == began_.size(); }
    Values values() { return quantiles(taken_ms_); }

  private:
    std::vector<double> began_, taken_ms_;
    std::uint64_t arrived_ = 0;
};

Values acknowledged(const peers::Agent& agent, std::chrono::milliseconds length) {
    PacedApp app(agent.socket());
    Journey journey;
    app.run(1'000, length, [&](std::uint64_t recorded) {
        journey.recorded(recorded);
        journey.arrived(app.acknowledged(), wall_seconds());
    });
    while (!journey.all()) {
        std::this_thread::sleep_for(1ms);
        journey.arrived(app.acknowledged(), wall_seconds());
    }
    return journey.values();
}

Values visible(const peers::Agent& agent, const peers::PostgresCluster& postgres, int events_per_s,
               std::chrono::milliseconds length) {
    // Nothing is on its way from before.
    const auto nothing_pending = [&] { return agent.scrape().sum("outrigger_sink_pending_events") == 0; };
    if (!peers::eventually(20s, nothing_pending)) throw std::runtime_error("rows are still pending");
    PacedApp app(agent.socket());
    postgres.query("TRUNCATE request_log");  // so that it is counted quickly
    Journey journey;
    std::vector<std::pair<std::uint64_t, double>> seen;
    std::atomic<std::uint64_t> stored{0};
    {
        const std::jthread watcher([&](const std::stop_token& stopped) {
            while (!stopped.stop_requested()) {
                const auto rows = static_cast<std::uint64_t>(postgres.number("SELECT count(*) FROM request_log"));
                seen.emplace_back(rows, wall_seconds());
                stored = rows;
                std::this_thread::sleep_for(5ms);
            }
        });
        app.run(events_per_s, length, [&](std::uint64_t recorded) { journey.recorded(recorded); });
        if (!peers::eventually(30s, [&] { return stored >= app.recorded(); }))
            throw std::runtime_error("rows did not arrive within 30 s");
    }
    for (const auto& [rows, when] : seen) journey.arrived(rows, when);
    return journey.values();
}

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    const peers::PostgresCluster postgres;
    peers::Agent agent({"--postgres", postgres.uri()});
    agent.start();
    const bool ready = peers::eventually(10s, [&] { return agent.ready() == 200; });
    if (!ready) throw std::runtime_error("the agent is not ready");
    const auto length = size.of(5'000ms, 2'000ms);
    take_turns("lag", "1,000 events a second", size.of(3, 1),
               {{"write + fdatasync of 4 KiB", [&] { return quantiles(write_and_sync(4096, length).taken_ms); }},
                {"record() to acknowledgement", [&] { return acknowledged(agent, length); }},
                {"record() to row", [&] { return visible(agent, postgres, 1'000, length); }}});
    // 10,000 rows come together before a second is over.
    take_turns("lag", "20,000 events a second", size.of(3, 1),
               {{"record() to row", [&] { return visible(agent, postgres, 20'000, length); }}});
}

}  // namespace outrigger::bench
