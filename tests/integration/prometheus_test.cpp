#include <doctest/doctest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/prometheus.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

double value_in(const Prometheus& prometheus, const std::string& query) {
    const json result = json::parse(prometheus.api("query?query=" + query)).at("data").at("result");
    return std::stod(result.at(0).at("value").at(1).get<std::string>());
}

json exemplars_in(const Prometheus& prometheus) {
    const std::string path = "query_exemplars?query=http_request_duration_seconds_bucket&start=0&end=9999999999";
    return json::parse(prometheus.api(path)).at("data");
}

TEST_CASE("a real Prometheus takes the OpenMetrics form, and shows its exemplars") {
    Agent agent;
    agent.start();
    DemoApp app(agent, 2);
    offer({app.port(), mixed_paths({{"/green", 200}, {"/red", 50}}), 2, true, 0us});
    const Prometheus prometheus(agent.port());

    CHECK(eventually(20s, [&] { return value_in(prometheus, "sum(http_requests_total)") == 250; }));
    CHECK(value_in(prometheus, "sum(http_request_duration_seconds_count)") == 250);
    CHECK(value_in(prometheus, "sum(http_requests_total{status=\"500\"})") == 50);
    const json target = json::parse(prometheus.api("targets")).at("data").at("activeTargets").at(0);
    CHECK(target.at("health") == "up");
    CHECK(target.at("lastError") == "");
    CHECK(eventually(10s, [&] { return !exemplars_in(prometheus).empty(); }));
    const std::string trace = exemplars_in(prometheus).at(0).at("exemplars").at(0).at("labels").at("trace_id");
    CHECK(trace.size() == 32);
}

constexpr std::string_view custom_metrics =
    R"({"type":"metric","kind":"count","name":"orders_placed","value":2,"tags":{"plan":"a \"b\" \\c"}}
{"type":"metric","kind":"gauge","name":"queue_length","value":-1.5}
{"type":"metric","kind":"histogram","name":"basket_size","value":0.3,"tags":{"plan":"pro"}}
)";

TEST_CASE("promtool finds nothing to say about a scrape, whatever the naming set, custom metrics included") {
    for (const char* names : {"prometheus", "otel", "flask"}) {
        CAPTURE(names);
        Agent agent({"--metric-names", names});
        agent.start();
        DemoApp app(agent, 1);
        offer({app.port(), mixed_paths({{"/green", 20}, {"/red", 5}}), 1, true, 0us});
        CHECK(eventually(
            10s, [&] { return agent.scrape().sum("outrigger_events_accepted_total", {{"type", "request"}}) == 25; }));
        LineClient client(agent.socket());
        CHECK(client.send(custom_metrics));
        CHECK(eventually(
            10s, [&] { return agent.scrape().sum("outrigger_events_accepted_total", {{"type", "metric"}}) == 3; }));
        CHECK(agent.scrape().sum("orders_placed_total") == 2);
        CHECK(promtool_findings(get(agent.port(), "/metrics").body) == "");
        CHECK_NOTHROW(agent.scrape_openmetrics());
    }
}

}  // namespace
}  // namespace outrigger::peers
