#include <doctest/doctest.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "shared/utc_clock.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/request_log.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* hello =
    R"({"type":"hello","protocol":1,"emitter":"9f0c9f0c9f0c9f0c9f0c9f0c9f0c9f0c","first":1,"service":"shop","env":"prod","version":"1.0.3"})";

std::vector<json> parse_lines(const std::string& text) {
    std::vector<json> result;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) result.push_back(json::parse(line));
    return result;
}

// As a person would: printf '...' | nc -U <socket>
std::vector<json> say_with_netcat(const Agent& agent, const std::string& lines) {
    const TemporaryFolder folder;
    std::ofstream(folder / "lines") << lines;
    const Finished result = run({.arguments = {"nc", "-U", "-q", "1", agent.socket()},
                                 .environment = {},
                                 .folder = folder.path(),
                                 .name = "nc",
                                 .input = folder / "lines"},
                                10s);
    CHECK(result.errors == "");
    return parse_lines(result.output);
}

TEST_CASE("numbers that an emitter passes over are counted as a gap, also after a restart") {
    Agent agent;
    agent.start();
    const auto hello_from = [](int first) {
        return R"({"type":"hello","protocol":1,"emitter":"9f0c9f0c9f0c9f0c9f0c9f0c9f0c9f0c","first":)" +
               std::to_string(first) + "}\n";
    };
    const std::string line = "{\"status\":200,\"duration_us\":5}\n";
    say_with_netcat(agent, hello_from(1) + line + line);
    CHECK(say_with_netcat(agent, hello_from(10) + line).at(0).at("next") == 10);
    const auto gap = [&] { return agent.scrape().sum("outrigger_emitter_dropped_events_total", {{"reason", "gap"}}); };
    CHECK(eventually(5s, [&] { return gap() == 7; }));
    agent.kill_hard();
    agent.start();
    CHECK(gap() == 7);
    CHECK(agent.scrape().sum("http_requests_total") == 3);
}

TEST_CASE("netcat says hello, two lines and nonsense, and hears welcome, acks and what is wrong") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    const std::string request =
        R"({"method":"GET","route":"/simulation","path":"/simulation?n=1","status":200,"start_us":)" +
        std::to_string(utc_us()) + R"(,"duration_us":1234,"message":"ok","client":"192.0.2.7",)" +
        R"("trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"f0f067aa0ba902b7","tags":{"plan":"pro"}})";
    const std::string metric =
        R"({"type":"metric","kind":"count","name":"orders_placed","value":1,"tags":{"plan":"pro"}})";
    const std::vector<json> answers =
        say_with_netcat(agent, std::string(hello) + "\n" + request + "\n" + metric + "\nnot json\n");

    REQUIRE(answers.size() >= 3);
    CHECK(answers[0] == json::parse(R"({"type":"welcome","protocol":1,"next":1,"max_line":65536})"));
    bool refused = false;
    long acked = 0;
    for (const json& answer : answers) {
        if (answer["type"] == "ack") acked = answer["seq"];
        if (answer["type"] != "refused") continue;
        refused = true;
        CHECK(answer["seq"] == 3);
        CHECK(answer["reason"] == "malformed");
        CHECK(!answer["detail"].get<std::string>().empty());
    }
    CHECK(refused);
    CHECK(acked == 3);

    CHECK(rows_reach(cluster, 1, 10s));
    const Rows rows = cluster.query(
        R"(select source_ip, endpoint, status_code, message, service, env, version, method, route, duration_us, trace_id, span_id, tags, agent,
                  abs(extract(epoch from now() - "timestamp")) < 60 from request_log)");
    REQUIRE(rows.size() == 1);
    std::string row;
    for (const std::string& field : rows[0]) row += field + "|";
    CHECK(row ==
          "192.0.2.7|/simulation?n=1|200|ok|shop|prod|1.0.3|GET|/simulation|1234|0af76519-16cd-43dd-8448-eb211c80319c|"
          "-1085253530158562633|{\"plan\": \"pro\"}|1|t|");
    const Scrape scrape = agent.scrape();
    CHECK(scrape.sum("orders_placed_total", {{"plan", "pro"}, {"service", "shop"}}) == 1);
    CHECK(scrape.sum("http_requests_total",
                     {{"service", "shop"}, {"method", "GET"}, {"route", "/simulation"}, {"status", "200"}}) == 1);
    CHECK(scrape.sum("outrigger_events_refused_total", {{"reason", "malformed"}}) == 1);
}

TEST_CASE("each reason to refuse a line has its line, and the connection goes on") {
    Agent agent;
    agent.start();
    LineClient client(agent.socket());
    REQUIRE(client.send(std::string(hello) + "\n"));
    REQUIRE(json::parse(client.receive(5s).value_or("{}"))["type"] == "welcome");
    const std::vector<std::pair<std::string, std::string>> table{
        {R"({"status":200})", "missing_field"},
        {R"({"status":"200","duration_us":1})", "wrong_type"},
        {R"({"status":99,"duration_us":1})", "out_of_range"},
        {R"({"status":200,"duration_us":-1})", "out_of_range"},
        {R"({"type":"metric","kind":"count","name":"9lives","value":1})", "bad_name"},
        {R"({"type":"metric","kind":"count","name":"outrigger_series","value":1})", "bad_name"},
        {R"({"status":200,"duration_us":1)", "malformed"},
    };
    long number = 0;
    for (const auto& [line, reason] : table) {
        CAPTURE(line);
        ++number;
        REQUIRE(client.send(line + "\n"));
        json answer;
        while (answer["type"] != "refused") {
            const auto received = client.receive(5s);
            REQUIRE(received);
            answer = json::parse(*received);
        }
        CHECK(answer["reason"] == reason);
        CHECK(answer["seq"] == number);
    }
    REQUIRE(
        client.send("{\"type\":\"metric\",\"kind\":\"count\",\"name\":\"twice\",\"value\":1}\n"
                    "{\"type\":\"metric\",\"kind\":\"gauge\",\"name\":\"twice\",\"value\":1}\n"));
    CHECK(eventually(5s, [&] {
        return agent.scrape().sum("outrigger_events_refused_total", {{"reason", "conflicting_kind"}}) == 1;
    }));
    REQUIRE(client.send(std::string(70000, ' ')));
    CHECK(client.closed_by_peer(5s));
    CHECK(eventually(
        5s, [&] { return agent.scrape().sum("outrigger_events_refused_total", {{"reason", "too_long"}}) == 1; }));
}

TEST_CASE("what is sent again after a lost connection is taken once") {
    Agent agent;
    agent.start();
    const std::string line = "{\"status\":200,\"duration_us\":5,\"route\":\"/a\"}\n";
    {
        LineClient client(agent.socket());
        REQUIRE(client.send(std::string(hello) + "\n" + line + line + line));
        CHECK(eventually(5s, [&] { return agent.scrape().sum("http_requests_total") == 3; }));
    }
    agent.kill_hard();
    agent.start();
    LineClient client(agent.socket());
    REQUIRE(client.send(std::string(hello) + "\n"));
    CHECK(json::parse(client.receive(5s).value_or("{}"))["next"] == 4);
    CHECK(agent.scrape().sum("http_requests_total", {{"route", "/a"}}) == 3);
}

TEST_CASE("a client that speaks neither language is hung up on, and its neighbour is not") {
    Agent agent;
    agent.start();
    LineClient neighbour(agent.socket());
    REQUIRE(neighbour.send(std::string(hello) + "\n"));
    LineClient stranger(agent.socket());
    stranger.send("GET / HTTP/1.1\r\n\r\n");
    CHECK(stranger.closed_by_peer(5s));
    CHECK(agent.scrape().sum("outrigger_turned_away_total", {{"door", "socket"}, {"reason", "bad_language"}}) == 1);
    REQUIRE(neighbour.send("{\"status\":200,\"duration_us\":5}\n"));
    CHECK(eventually(5s, [&] { return agent.scrape().sum("http_requests_total", {{"route", "unmatched"}}) == 1; }));
}

}  // namespace
}  // namespace outrigger::peers
