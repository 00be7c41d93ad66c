// A web server with cpp-httplib and the app's own instrumentation: bare; instrumented, with an agent that runs, that is
// stopped (SIGSTOP), that is absent; and with everything done in the path of the request. All of them run at once and
// are asked in turns; the CPU time of the server's process counts, the sender's thread included. Servers have one core,
// who asks them the other: what a request costs depends on who it shares a core with.
//
//   app_bench serve bare|record|in-path PORT [SOCKET | POSTGRES STATSD_PORT]     one of these servers, for a profiler
//   app_bench ask PORT REQUESTS                                                  over one connection
#include <unistd.h>

#include <csignal>
#include <memory>
#include <optional>
#include <stdexcept>

#include "app/instrument.h"
#include "app/listener.h"
#include "app/server.h"
#include "shared/emitter/emitter.h"
#include "tests/bench/kit/affinity.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/tables.h"
#include "tests/bench/kit/web_client.h"
#include "tests/bench/yardsticks/in_path.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/port.h"
#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

constexpr int connections = 4;

app::Reply orders(const httplib::Request&) {
    return {.status = 200,
            .body = R"({"orders":[{"id":17,"total":42.5},{"id":18,"total":12.25}]})" + std::string(140, ' '),
            .content_type = "application/json",
            .message = "served from the cache",
            .error = {},
            .spans = {}};
}

// Ends with SIGKILL.
[[noreturn]] void serve(const std::vector<std::string>& words) {
    keep_to_last_core();
    const app::Listener listener({"127.0.0.1", static_cast<std::uint16_t>(std::stoi(words.at(2)))});
    app::Server server;
    app::RecordRequest record;
    std::optional<Emitter> emitter;
    std::optional<InPath> in_path;
    if (words.at(1) == "record") {
        emitter.emplace(EmitterSettings{words.at(3), "shop", "prod", "1.0.3", {}});
        emitter->start();
        record = [&](const RequestEvent& event) { emitter->record(event); };
    }
    app::Instrument instrument(server.http(), record);
    instrument.get(R"(/users/\d+/orders)", orders);
    if (record) server.on_arrival(&app::Instrument::arrived);
    if (words.at(1) == "in-path") in_path.emplace(server.http(), words.at(3), std::stoi(words.at(4)));
    server.start(listener.fd());
    for (;;) ::pause();
}

class App {
  public:
    explicit App(std::vector<std::string> more) : port_(peers::free_port()) {
        std::vector<std::string> arguments{std::filesystem::read_symlink("/proc/self/exe"), "serve", more.at(0),
                                           std::to_string(port_)};
        arguments.insert(arguments.end(), more.begin() + 1, more.end());
        process_ = std::make_unique<peers::Process>(
            peers::Launch{.arguments = arguments, .environment = {}, .folder = folder_.path(), .name = "app"});
        const bool answers = peers::eventually(10s, [&] { return visit(port_, 1, 1).seconds > 0; });
        if (!answers) throw std::runtime_error("the app does not answer: " + process_->errors());
    }

    Values measure(int requests_each) {
        const double cpu = process_seconds(process_->id());
        const Visit done = visit(port_, connections, requests_each);
        const auto count = static_cast<double>(done.answered_us.size());
        const auto at = [&](double share) { return done.answered_us[static_cast<std::size_t>(share * (count - 1))]; };
        return {{"cpu_us", (process_seconds(process_->id()) - cpu) * 1e6 / count},
                {"wall_per_s", count / done.seconds},
                {"p50_us", at(0.5)},
                {"p99_us", at(0.99)}};
    }

  private:
    peers::TemporaryFolder folder_;
    int port_;
    std::unique_ptr<peers::Process> process_;
};

}  // namespace

void run(const Size& size, const std::vector<std::string>& arguments) {
    if (!arguments.empty() && arguments[0] == "serve") serve(arguments);
    if (arguments.size() == 3 && arguments[0] == "ask") {
        visit(std::stoi(arguments[1]), 1, std::stoi(arguments[2]));
        return;
    }
    const peers::PostgresCluster postgres;
    make_tables(postgres.uri());
    const int statsd_port = peers::free_port();
    const peers::Datagrams statsd(statsd_port);
    const peers::TemporaryFolder nowhere(peers::TemporaryFolder::Place::memory);
    peers::Agent running, stopped;
    running.start();
    stopped.start();
    App bare({"bare"}), beside_running({"record", running.socket()}), beside_stopped({"record", stopped.socket()}),
        beside_none({"record", nowhere / "agent.sock"}),
        in_path({"in-path", postgres.uri(), std::to_string(statsd_port)});
    stopped.pause();
    keep_to_first_core();
    const int requests = size.of(1'000, 500);
    take_turns("app", "4 connections", size.of(31, 15),
               {{"bare", [&] { return bare.measure(requests); }},
                {"instrumented, agent running", [&] { return beside_running.measure(requests); }},
                {"instrumented, agent stopped", [&] { return beside_stopped.measure(requests); }},
                {"instrumented, agent absent", [&] { return beside_none.measure(requests); }},
                {"in the path", [&] { return in_path.measure(requests); }}});
    stopped.resume();
}

}  // namespace outrigger::bench
