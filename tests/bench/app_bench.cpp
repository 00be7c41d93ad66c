// A web server with cpp-httplib and the app's own instrumentation: bare; instrumented, with an agent that runs, that is
// stopped (SIGSTOP), that is absent; and with everything done in the path of the request. All of them run at once and
// are asked in turns. Servers have one core; who asks them, the agents and Postgres the other: what a request costs
// depends on who it shares a core with. At last instructions of user space, which no noise changes.
//
//   app_bench serve bare|record|in-path PORT [SOCKET | POSTGRES STATSD_PORT]     one of these servers, for a profiler
//   app_bench ask PORT REQUESTS                                                  over one connection
#include <cstdio>
#include <memory>
#include <utility>

#include "tests/bench/kit/affinity.h"
#include "tests/bench/kit/instructions.h"
#include "tests/bench/kit/ring_drops.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/tables.h"
#include "tests/bench/kit/web_app.h"
#include "tests/bench/kit/web_client.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/port.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::bench {
namespace {

constexpr int connections = 4;

// Instrumented, beside an agent that takes nothing: how it is while the ring still has room, and then without.
class WithRing {
  public:
    explicit WithRing(const std::string& socket) : socket_(socket), app_({"record", socket}) {}

    Values measure(int requests_each) {
        Values values = app_.measure(connections, requests_each);
        const std::uint64_t so_far = ring_drops(socket_), dropped = so_far - std::exchange(dropped_, so_far);
        const double share = static_cast<double>(dropped) / (connections * requests_each);
        if (share == 0) values.emplace_back("writing_cpu_us", values.front().second);
        if (share == 1) values.emplace_back("dropping_cpu_us", values.front().second);
        values.emplace_back("dropped_percent", 100 * share);
        return values;
    }

  private:
    std::string socket_;
    WebApp app_;
    std::uint64_t dropped_ = 0;
};

// Of one request over a connection that stays open: what a thousand of them take more than a hundred.
Values instructions_of(const std::vector<std::string>& what) {
    const auto count = [&](int requests) {
        const Instructions counter;
        WebApp app(what, counter.command());
        visit(app.port(), 1, requests);
        app.end();
        return counter.total();
    };
    constexpr int few = 100, many = 1'100;
    return {{"instructions", (count(many) - count(few)) / (many - few)}};
}

}  // namespace

void run(const Size& size, const std::vector<std::string>& arguments) {
    if (!arguments.empty() && arguments[0] == "serve") WebApp::serve(arguments);
    if (arguments.size() == 3 && arguments[0] == "ask") {
        visit(std::stoi(arguments[1]), 1, std::stoi(arguments[2]));
        return;
    }
    const peers::TemporaryFolder nowhere(peers::TemporaryFolder::Place::memory);
    const int statsd_port = peers::free_port();
    auto neighbours = std::make_unique<OnFirstCore>();
    const peers::PostgresCluster postgres;
    make_tables(postgres.uri());
    const peers::Datagrams statsd(statsd_port);
    peers::Agent running, stopped;
    running.start();
    stopped.start();
    neighbours.reset();
    WebApp bare({"bare"}), in_path({"in-path", postgres.uri(), std::to_string(statsd_port)});
    WithRing beside_running(running.socket()), beside_stopped(stopped.socket()), beside_none(nowhere / "agent.sock");
    stopped.pause();
    keep_to_first_core();
    const int requests = size.of(1'000, 500);
    take_turns("app", "4 connections", size.of(31, 15),
               {{"bare", [&] { return bare.measure(connections, requests); }},
                {"instrumented, agent running", [&] { return beside_running.measure(requests); }},
                {"instrumented, agent stopped", [&] { return beside_stopped.measure(requests); }},
                {"instrumented, agent absent", [&] { return beside_none.measure(requests); }},
                {"in the path", [&] { return in_path.measure(connections, requests); }}});
    stopped.resume();
    if (const auto why = Instructions::unavailable()) {
        std::fprintf(stderr, "app: instructions a request are NOT measured: %s\n", why->c_str());
        return;
    }
    take_turns("app", "1 connection, instructions", 1,
               {{"bare", [] { return instructions_of({"bare"}); }},
                {"instrumented, agent absent", [&] { return instructions_of({"record", nowhere / "counted.sock"}); }}});
}

}  // namespace outrigger::bench
