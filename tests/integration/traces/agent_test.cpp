// The whole agent with a trace agent that is played by a script: what traces, exemplars, metrics and rows have to do
// with each other.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "shared/file_descriptor.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/datagrams.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/fake_trace_agent.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/line_load.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/port.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/scrape_watch.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

double of_traces(const Agent& agent, const std::string& sample) {
    return agent.scrape().sum(sample, {{"sink", "traces"}});
}

double delivered_to(const Agent& agent, const std::string& sink) {
    return agent.scrape().sum("outrigger_sink_delivered_events_total", {{"sink", sink}});
}
double delivered(const Agent& agent) { return delivered_to(agent, "traces"); }

FileDescriptor bind_datagram_socket(const std::filesystem::path& path) {
    FileDescriptor made(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(made.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    return made;
}

std::string line(const std::string& route, const std::string& trace_id, const std::string& more = "") {
    return R"({"method":"GET","route":")" + route + R"(","path":")" + route + "/" + trace_id +
           R"(","status":200,"duration_us":1234,"trace_id":")" + trace_id + "\"" + more + "}\n";
}

std::set<std::string> exemplars_of(const Agent& agent, const std::string& route) {
    std::set<std::string> ids;
    for (const Sample& sample :
         agent.scrape_openmetrics().all("http_request_duration_seconds_bucket", {{"route", route}}))
        if (sample.exemplar) ids.insert(sample.exemplar->labels.at("trace_id"));
    return ids;
}

TEST_CASE("exemplars carry only traces that are kept, by whatever kept them; dropped ones are sent all the same") {
    FakeTraceAgent datadog;
    datadog.give_rates(R"({"rate_by_service":{"service:shop,env:prod":0.5}})", "1");
    Agent agent({"--traces", datadog.url(), "--service", "shop", "--env", "prod"});
    agent.start();
    LineClient client(agent.socket());
    client.send(line("/first", "0000000000000000000000000000000f"));
    CHECK(eventually(20s, [&] { return delivered(agent) == 1; }));  // by then the rates are known

    // By the shared hash 1 is kept at 0.5, and 10 is not.
    const std::string kept = "00000000000000070000000000000001";
    const std::string dropped = "0000000000000007000000000000000a";
    client.send(line("/kept", kept) + line("/dropped", dropped));
    client.send(line("/caller-keeps", dropped, R"(,"priority":1)") + line("/caller-drops", kept, R"(,"priority":0)"));
    client.send(line("/fails", dropped, R"(,"error":{"type":"E","message":"no"})"));
    CHECK(eventually(20s, [&] { return delivered(agent) == 6; }));
    CHECK(exemplars_of(agent, "/kept") == std::set{kept});
    CHECK(exemplars_of(agent, "/dropped").empty());
    CHECK(exemplars_of(agent, "/caller-keeps") == std::set{dropped});
    CHECK(exemplars_of(agent, "/caller-drops").empty());
    CHECK(exemplars_of(agent, "/fails") == std::set{dropped});
    CHECK(datadog.traces() == 6);
    CHECK(datadog.seen().metrics.at("_sampling_priority_v1") == 2);  // of the last one
    CHECK(datadog.seen().meta.at("_dd.p.dm") == "-4");

    // What was decided is in the journal: after a restart the exemplars are the same.
    agent.kill_hard();
    agent.start();
    CHECK(exemplars_of(agent, "/kept") == std::set{kept});
    CHECK(exemplars_of(agent, "/dropped").empty());
    CHECK(exemplars_of(agent, "/fails") == std::set{dropped});
}

TEST_CASE("without a trace sink only the caller's priority keeps an exemplar away") {
    Agent agent;
    agent.start();
    const std::string id = "0000000000000007000000000000000a";
    LineClient client(agent.socket());
    client.send(line("/kept", id) + line("/dropped", id, R"(,"priority":-1)"));
    CHECK(eventually(
        10s, [&] { return agent.scrape().sum("outrigger_events_accepted_total", {{"type", "request"}}) == 2; }));
    CHECK(exemplars_of(agent, "/kept") == std::set{id});
    CHECK(exemplars_of(agent, "/dropped").empty());
}

TEST_CASE("DD_VERSION is changed in one place, and metrics, StatsD, traces and rows follow") {
    const PostgresCluster postgres;
    FakeTraceAgent datadog;
    const int port = free_port();
    const Datagrams statsd(port);
    Agent agent({"--traces", datadog.url(), "--postgres", postgres.uri(), "--statsd",
                 "udp://127.0.0.1:" + std::to_string(port)});
    agent.start();
    double requests = 0;
    for (const std::string version : {"1.0.3", "2.0.0"}) {
        CAPTURE(version);
        DemoApp app(agent, 1, {{"DD_SERVICE", "shop"}, {"DD_ENV", "prod"}, {"DD_VERSION", version}});
        CHECK(offer({app.port(), {"/green"}, 1}).failures.empty());
        requests += 1;
        CHECK(eventually(20s, [&] { return delivered(agent) == requests; }));
        CHECK(datadog.seen().meta.at("version") == version);
        CHECK(datadog.seen().meta.at("env") == "prod");
        const Labels labels{{"service", "shop"}, {"env", "prod"}, {"version", version}};
        CHECK(agent.scrape().sum("app_info", labels) == 1);
        CHECK(eventually(20s, [&] {
            return statsd.sum("request_count", ",service:shop,env:prod,version:" + version + ",method:GET,") == 1;
        }));
        CHECK(eventually(20s, [&] {
            return postgres.number(
                       "SELECT count(*) FROM request_log WHERE service = 'shop' AND env = 'prod' AND version = '" +
                       version + "'") == 1;
        }));
    }
}

TEST_CASE("a trace agent that never answers keeps nobody else waiting, not even at the end") {
    const PostgresCluster postgres;
    const int port = free_port();
    const Datagrams statsd(port);
    FakeTraceAgent datadog;
    datadog.hang(true);
    Agent agent({"--traces", datadog.url(), "--postgres", postgres.uri(), "--statsd",
                 "udp://127.0.0.1:" + std::to_string(port)});
    agent.start();
    DemoApp app(agent, 2);
    CHECK(offer({app.port(), numbered_paths(1'000)}).failures.empty());
    CHECK(eventually(20s, [&] { return delivered_to(agent, "rows") == 1'000; }));
    CHECK(eventually(20s, [&] { return delivered_to(agent, "statsd") == 1'000; }));
    CHECK(statsd.sum("request_count") == 1'000);
    CHECK(statsd.weight("request_latency_seconds") == 1'000);
    CHECK(of_traces(agent, "outrigger_sink_pending_events") == 1'000);
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(eventually(30s, [&] { return of_traces(agent, "outrigger_sink_up") == 0; }));
    CHECK(agent.ready() == 503);
    CHECK(agent.scrape().sum("outrigger_sink_up", {{"sink", "rows"}}) == 1);
    CHECK(agent.scrape().sum("outrigger_sink_up", {{"sink", "statsd"}}) == 1);
    const auto began = std::chrono::steady_clock::now();
    CHECK(agent.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - began < 8s);
    datadog.hang(false);
    agent.start();
    CHECK(eventually(20s, [&] { return delivered(agent) == 1'000; }));
    CHECK(datadog.traces() == 1'000);
    CHECK(book_problems(agent.scrape()).empty());
}

// What comes meanwhile, a thousand requests at a time, waits in the journal. The time is counted from the first one.
void be_away(std::chrono::seconds time) {
    const PostgresCluster postgres;
    const int port = free_port();
    const Datagrams statsd(port);
    const int away = free_port();
    Agent agent({"--traces", "http://127.0.0.1:" + std::to_string(away), "--postgres", postgres.uri(), "--statsd",
                 "udp://127.0.0.1:" + std::to_string(port)});
    agent.start();
    DemoApp app(agent, 2);
    const auto back = std::chrono::steady_clock::now() + time;
    int sent = 0;
    while (sent < 2'000 || std::chrono::steady_clock::now() < back) {  // from the second on it is known to be down
        CHECK(offer({app.port(), numbered_paths(1'000, sent)}).failures.empty());
        sent += 1'000;
        CHECK(eventually(20s, [&] { return delivered_to(agent, "rows") == sent; }));
        CHECK(eventually(20s, [&] { return delivered_to(agent, "statsd") == sent; }));
        CHECK(eventually(20s, [&] { return of_traces(agent, "outrigger_sink_up") == 0; }));
    }
    CHECK(postgres.number("SELECT count(*) FROM request_log") == sent);
    CHECK(statsd.sum("request_count") == sent);
    CHECK(of_traces(agent, "outrigger_sink_pending_events") == sent);
    CHECK(book_problems(agent.scrape()).empty());
    FakeTraceAgent datadog(away);
    CHECK(eventually(60s, [&] { return delivered(agent) == sent; }));
    CHECK(datadog.traces() == sent);
    CHECK(of_traces(agent, "outrigger_sink_dropped_events_total") == 0);
    CHECK(eventually(10s, [&] { return agent.ready() == 200; }));
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(agent.stop() == 0);
    MESSAGE(sent << " requests while it was away");
}

TEST_CASE("a trace agent that is away for less than --traces-max-age gets everything; the others notice nothing") {
    be_away(0s);
}

// make integration ARGS='--no-skip -tc=*five*minutes*'
TEST_CASE("the same for five minutes" * doctest::skip()) { be_away(300s); }

TEST_CASE("a StatsD receiver that hangs harms nobody else, and what it does not take is counted") {
    const PostgresCluster postgres;
    const TemporaryFolder folder;
    FakeTraceAgent datadog;
    const auto path = folder / "dsd.socket";
    const FileDescriptor hung = bind_datagram_socket(path);  // nobody reads it: ten packets, and it is full
    Agent agent({"--traces", datadog.url(), "--postgres", postgres.uri(), "--statsd", "unix://" + path.string()});
    agent.start();
    std::vector<std::string> routes;
    for (int n = 0; n < 2'000; ++n) routes.push_back("/a-route-with-a-long-name/" + std::to_string(n));
    REQUIRE(offer_lines(agent, {.events = 20'000, .routes = routes}));
    CHECK(eventually(20s, [&] { return delivered_to(agent, "rows") == 20'000; }));
    CHECK(eventually(20s, [&] { return delivered(agent) == 20'000; }));
    const Labels unsent{{"sink", "statsd"}, {"reason", "unsent"}};
    CHECK(eventually(20s, [&] { return agent.scrape().sum("outrigger_sink_dropped_events_total", unsent) > 0; }));
    CHECK(agent.scrape().sum("outrigger_sink_up", {{"sink", "statsd"}}) == 0);
    CHECK(of_traces(agent, "outrigger_sink_up") == 1);
    CHECK(book_problems(agent.scrape()).empty());
    const auto began = std::chrono::steady_clock::now();
    CHECK(agent.stop() == 0);
    CHECK(std::chrono::steady_clock::now() - began < 8s);
}

TEST_CASE("a killed agent sends each trace at least once, and its books balance") {
    FakeTraceAgent datadog;
    Agent agent({"--traces", datadog.url()});
    agent.start();
    DemoApp app(agent, 2);
    for (int round = 0; round < 4; ++round) {
        std::jthread killer([&] {
            std::this_thread::sleep_for(100ms * (round + 1));
            agent.kill_hard();
        });
        CHECK(offer({app.port(), numbered_paths(2'000, round * 2'000), 4, true, 200us}).failures.empty());
        killer.join();
        agent.start();
    }
    CHECK(eventually(30s, [&] { return datadog.traces() == 8'000; }));
    CHECK(eventually(20s, [&] { return of_traces(agent, "outrigger_sink_pending_events") == 0; }));
    CHECK(delivered(agent) == 8'000);
    CHECK(of_traces(agent, "outrigger_sink_dropped_events_total") == 0);
    CHECK(of_traces(agent, "outrigger_books_difference") == 0);
}

TEST_CASE("whether Datadog's agent is there is known before what is pending at a start has been gathered") {
    FakeTraceAgent datadog;
    datadog.answer_always(503);
    Agent agent({"--traces", datadog.url()});
    agent.start();
    LineClient client(agent.socket());
    client.send(line("/waits", "0000000000000000000000000000000f"));
    CHECK(eventually(20s,
                     [&] { return agent.scrape().sum("outrigger_sink_pending_events", {{"sink", "traces"}}) == 1; }));
    agent.kill_hard();
    datadog.answer_always(200);
    agent.start();
    double pending_when_up = 0;
    CHECK(eventually(20s, [&] {
        const auto page = agent.scrape();
        pending_when_up = page.sum("outrigger_sink_pending_events", {{"sink", "traces"}});
        return page.sum("outrigger_sink_up", {{"sink", "traces"}}) == 1;
    }));
    CHECK(pending_when_up == 1);
    CHECK(eventually(20s, [&] { return delivered(agent) == 1; }));
    CHECK(agent.stop() == 0);
}

}  // namespace
}  // namespace outrigger::peers
