#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/request_log.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

Finished run_agent(const std::vector<std::string>& flags, const std::map<std::string, std::string>& environment = {}) {
    const TemporaryFolder folder;
    std::vector<std::string> arguments{built("outrigger")};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return run({.arguments = arguments, .environment = environment, .folder = folder.path(), .name = "agent"}, 20s);
}

std::size_t count_of(const std::string& text, const std::string& word) {
    std::size_t count = 0;
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size())) ++count;
    return count;
}

void send_requests(const Agent& agent, int count) {
    LineClient client(agent.socket());
    for (int i = 0; i < count; ++i) CHECK(client.send("{\"status\":200,\"duration_us\":5,\"route\":\"/\"}\n"));
}

bool counted(const Agent& agent, double wanted) {
    return eventually(10s, [&] { return agent.scrape().sum("http_requests_total") == wanted; });
}

double up(const Agent& agent) { return agent.scrape().sum("outrigger_sink_up", {{"sink", "rows"}}); }

TEST_CASE("without Postgres the agent starts, counts, says so once, and stores the rows when Postgres comes") {
    PostgresCluster cluster;
    cluster.stop();
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    send_requests(agent, 10);
    CHECK(counted(agent, 10));
    CHECK(eventually(10s, [&] { return agent.ready() == 503 && up(agent) == 0; }));
    CHECK(get(agent.port(), "/-/ready").body.find("rows") != std::string::npos);
    CHECK(count_of(agent.log(), "rows: down: ") == 1);
    CHECK(get(agent.port(), "/-/healthy").status == 200);

    cluster.start();
    CHECK(rows_reach(cluster, 10, 30s));
    CHECK(eventually(10s, [&] { return agent.ready() == 200 && up(agent) == 1; }));
    CHECK(balance(cluster).difference == 0);
    CHECK(agent.stop() == 0);
}

TEST_CASE("an unknown flag, variable or key is named, with the nearest known name, and the exit is 2") {
    const Finished flag = run_agent({"--metric-nmaes", "otel"});
    CHECK(flag.status == 2);
    CHECK(flag.errors.find("--metric-nmaes") != std::string::npos);
    CHECK(flag.errors.find("--metric-names") != std::string::npos);
    CHECK(count_of(flag.errors, "\n") == 1);

    const Finished variable = run_agent({}, {{"OUTRIGGER_METRIC_NMAES", "otel"}});
    CHECK(variable.status == 2);
    CHECK(variable.errors.find("OUTRIGGER_METRIC_NAMES") != std::string::npos);

    const TemporaryFolder folder;
    std::ofstream(folder / "outrigger.toml") << "metric-nmaes = \"otel\"\n";
    const Finished key = run_agent({"--config", folder / "outrigger.toml"});
    CHECK(key.status == 2);
    CHECK(key.errors.find("metric-names") != std::string::npos);

    CHECK(run_agent({"--metric-names", "nagios"}).status == 2);
    CHECK(run_agent({"check"}, {{"OUTRIGGER_SERVICE_HOST", "10.0.0.1"}, {"OUTRIGGER_PORT_9464_TCP", "x"}}).status == 0);
}

TEST_CASE("a second agent on the same data folder or the same socket ends with 75 and says who owns it") {
    Agent first;
    first.start();
    for (const std::vector<std::string>& shared :
         {std::vector<std::string>{"--data-dir", first.data()}, {"--socket", first.socket()}}) {
        CAPTURE(shared[0]);
        const TemporaryFolder folder;
        std::map<std::string, std::string> own{
            {"--data-dir", folder / "data"}, {"--socket", folder / "agent.sock"}, {"--http", "127.0.0.1:0"}};
        own[shared[0]] = shared[1];
        std::vector<std::string> flags;
        for (const auto& [flag, value] : own) flags.insert(flags.end(), {flag, value});
        const Finished result = run_agent(flags);
        CHECK(result.status == 75);
        CHECK(result.errors.find(shared[1]) != std::string::npos);
    }
    send_requests(first, 1);
    CHECK(counted(first, 1));
}

TEST_CASE("an agent whose data folder cannot be written says so, and counts and stores all the same") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    std::filesystem::create_directory(agent.data());
    std::filesystem::permissions(agent.data(), std::filesystem::perms{0555});
    agent.user = unprivileged_user();
    agent.start();
    send_requests(agent, 25);
    CHECK(counted(agent, 25));
    CHECK(agent.scrape().sum("outrigger_journal_durable") == 0);
    CHECK(rows_reach(cluster, 25, 10s));
    CHECK(count_of(agent.log(), agent.data().string() + "/journal:") == 1);
    CHECK(agent.stop() == 0);
    agent.start();
    CHECK(agent.scrape().sum("http_requests_total") == 25);
    CHECK(balance(cluster).rows == 25);
}

TEST_CASE("a run without its data folder is counted apart, and the next one with it goes on where it was") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    send_requests(agent, 1000);
    CHECK(counted(agent, 1000));
    CHECK(agent.stop() == 0);

    const std::filesystem::path away = agent.data().string() + ".away";
    std::filesystem::rename(agent.data(), away);
    std::ofstream(agent.data()) << "no folder";
    agent.start();
    send_requests(agent, 510);
    CHECK(counted(agent, 510));
    CHECK(rows_reach(cluster, 1510, 10s));
    CHECK(agent.stop() == 0);

    std::filesystem::remove(agent.data());
    std::filesystem::rename(away, agent.data());
    agent.start();
    const Scrape scrape = agent.scrape();
    CHECK(scrape.sum("http_requests_total") == 1000);
    CHECK(scrape.sum("outrigger_journal_errors_total", {{"op", "foreign"}}) > 0);
    CHECK(scrape.sum("outrigger_journal_foreign_requests_total") == 510);
    CHECK(agent.log().find("with 510 requests that are not taken up") != std::string::npos);
    CHECK(agent.log().find("another data directory's history") != std::string::npos);
    send_requests(agent, 5);
    CHECK(counted(agent, 1005));
    CHECK(rows_reach(cluster, 1515, 10s));
    CHECK(balance(cluster).difference == 0);
    CHECK(agent.stop() == 0);
}

TEST_CASE(
    "a role that may not make tables holds nothing up: the statements to run are said, and once they are run the rows "
    "come") {
    const PostgresCluster cluster;
    cluster.query("create role limited login");
    cluster.query("revoke create on schema public from public");
    Agent agent({"--postgres", cluster.uri("limited")});
    agent.start();
    send_requests(agent, 12);
    CHECK(counted(agent, 12));
    const std::string marker = "please run: ";
    CHECK(eventually(10s, [&] { return agent.ready() == 503 && agent.log().find(marker) != std::string::npos; }));
    CHECK(count_of(agent.log(), marker) == 1);

    const std::string log = agent.log();
    const std::size_t begin = log.find(marker) + marker.size();
    const std::size_t next_line = log.find("\n20", begin);  // a line of the log begins with its date
    const std::string statements = log.substr(begin, next_line == std::string::npos ? next_line : next_line - begin);
    CHECK_NOTHROW(cluster.query(statements));
    CHECK(rows_reach(cluster, 12, 20s));
    CHECK(eventually(10s, [&] { return agent.ready() == 200; }));
    CHECK(balance(cluster).difference == 0);
    CHECK(agent.stop() == 0);
}

TEST_CASE("a password stands in no log, no check and no status") {
    const PostgresCluster cluster;
    const TemporaryFolder folder;
    std::ofstream(folder / "password") << "hunter2-from-file\n";
    Agent agent({"--postgres", cluster.uri("postgres", "hunter2-in-uri"), "--log-level", "debug"},
                {{"PGPASSWORD", "hunter2-in-env"}});
    agent.start();
    send_requests(agent, 1);
    CHECK(rows_reach(cluster, 1, 10s));
    const std::string seen = agent.status() + get(agent.port(), "/").body + get(agent.port(), "/metrics").body;
    CHECK(agent.stop() == 0);
    CHECK((seen + agent.log()).find("hunter2") == std::string::npos);

    for (const std::vector<std::string>& flags :
         {std::vector<std::string>{"check", "--postgres", cluster.uri("postgres", "hunter2-in-uri")},
          {"check", "--postgres", "host=127.0.0.1 user=me password=hunter2-in-words"},
          {"check", "--postgres", cluster.uri(), "--postgres-password-file", folder / "password"}}) {
        const Finished result = run_agent(flags, {{"PGPASSWORD", "hunter2-in-env"}});
        CHECK(result.status == 0);
        CHECK((result.output + result.errors).find("hunter2") == std::string::npos);
    }
}

}  // namespace
}  // namespace outrigger::peers
