#include <doctest/doctest.h>
#include <httplib.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/request_log.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

// The app's JSON lines about requests.
std::vector<nlohmann::json> request_lines(const DemoApp& app) {
    std::vector<nlohmann::json> result;
    std::istringstream lines(app.log());
    for (std::string line; std::getline(lines, line);) {
        auto read = nlohmann::json::parse(line, nullptr, false);
        if (read.is_object() && read.contains("dd.trace_id")) result.push_back(std::move(read));
    }
    return result;
}

// 32 digits, as Postgres shows them.
std::string to_uuid(std::string digits) {
    for (const std::size_t at : {20UL, 16UL, 12UL, 8UL}) digits.insert(at, "-");
    return digits;
}

TEST_CASE("an answer, the app's log and the table name the same trace and span, as the caller's headers have it") {
    const PostgresCluster cluster;
    Agent agent({"--postgres", cluster.uri()});
    agent.start();
    DemoApp app(agent, 1);
    httplib::Client client("127.0.0.1", app.port());
    const std::vector<httplib::Headers> callers = {
        {},
        {{"traceparent", "00-640cfd8d00000000a3ce929d0e0e4736-00f067aa0ba902b7-01"}},
        {{"x-datadog-trace-id", "11803532876627986230"},
         {"x-datadog-parent-id", "43"},
         {"x-datadog-tags", "_dd.p.tid=640cfd8d00000000"}},
    };
    std::vector<std::string> answered;
    for (const auto& headers : callers) {
        const auto answer = client.Get("/red?from=the-test", headers);
        REQUIRE(answer);
        CHECK(answer->status == 500);
        answered.push_back(answer->get_header_value("traceparent"));
    }
    REQUIRE(rows_reach(cluster, 3, 30s));
    const Rows rows =
        cluster.query(R"(select trace_id, to_hex(span_id), span_id, endpoint from request_log order by "position")");
    const auto lines = request_lines(app);
    REQUIRE(rows.size() == callers.size());
    REQUIRE(lines.size() == callers.size());
    for (std::size_t i = 0; i < callers.size(); ++i) {
        CAPTURE(i);
        REQUIRE(answered[i].size() == 55);
        const std::string trace_id = answered[i].substr(3, 32);
        if (i > 0) CHECK(trace_id == "640cfd8d00000000a3ce929d0e0e4736");
        CHECK(answered[i].ends_with("-01"));
        CHECK(rows[i][0] == to_uuid(trace_id));
        CHECK(answered[i].substr(36, 16) == std::string(16 - rows[i][1].size(), '0') + rows[i][1]);
        CHECK(rows[i][3] == "/red?from=the-test");
        CHECK(lines[i]["dd.trace_id"] == trace_id);
        CHECK(lines[i]["dd.span_id"] == rows[i][2]);  // 63 bits, so that the sign does not matter
        CHECK(lines[i]["dd.service"] == "demo");
        CHECK(lines[i]["error.kind"] == "outrigger::app::DivisionByZero");
    }
}

}  // namespace
}  // namespace outrigger::peers
