// Traces as Datadog's own tools see them.
#include <doctest/doctest.h>

#include <chrono>
#include <functional>
#include <map>
#include <string>

#include "shared/trace_ids.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/http.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/scrape_watch.h"
#include "tests/peers/ddapm_test_agent.h"
#include "tests/peers/fetched_tool.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const std::map<std::string, std::string> shop = {{"DD_SERVICE", "shop"}, {"DD_ENV", "prod"}, {"DD_VERSION", "1.0.3"}};

double delivered(const Agent& agent) {
    return agent.scrape().sum("outrigger_sink_delivered_events_total", {{"sink", "traces"}});
}

// Nothing dropped, nothing pending, and the books balance.
void check_delivered(const Agent& agent, double requests) {
    CHECK(eventually(30s, [&] { return delivered(agent) >= requests; }));
    const Scrape scrape = agent.scrape();
    CHECK(scrape.sum("outrigger_sink_delivered_events_total", {{"sink", "traces"}}) == requests);
    CHECK(scrape.sum("outrigger_sink_dropped_events_total", {{"sink", "traces"}}) == 0);
    CHECK(scrape.sum("outrigger_books_difference", {{"sink", "traces"}}) == 0);
    CHECK(scrape.sum("outrigger_sink_up", {{"sink", "traces"}}) == 1);
}

TEST_CASE("Datadog's test agent finds nothing wrong with a mixed load of all endpoints") {
    if (!has_tool(ddapm_test_agent)) return;
    const DdapmTestAgent datadog;
    Agent agent({"--traces", datadog.url()});
    agent.start();
    DemoApp app(agent, 5, shop);
    CHECK(offer({app.port(), mixed_paths({{"/", 300},
                                          {"/green", 300},
                                          {"/red", 100},
                                          {"/simulation", 10},
                                          {"/crash", 20},
                                          {"/missing?x=1", 20}})})
              .failures.empty());
    check_delivered(agent, 750);
    CHECK(datadog.failures() == "");
    const json summary = datadog.summary();
    for (const char* check : {"trace_count_header", "meta_tracer_version_header", "trace_content_length",
                              "meta_events_is_valid_json", "trace_stall"}) {
        CAPTURE(check);
        CHECK(summary.at(check).at("Passed_Checks") > 0);
        CHECK(summary.at(check).at("Failed_Checks") == 0);
    }
    const json traces = datadog.all_traces();
    CHECK(traces.size() == 750);
    int errors = 0;
    for (const json& trace : traces) errors += trace.at(0).at("error").get<int>();
    CHECK(errors >= 120);
    CHECK(agent.stop() == 0);
}

// The root has no parent, and all others have the root. The snapshots cannot say it: ids differ from run to run.
void check_family(const json& trace) {
    REQUIRE_FALSE(trace.empty());
    CHECK(trace.at(0).at("parent_id") == 0);
    for (std::size_t child = 1; child < trace.size(); ++child)
        CHECK(trace.at(child).at("parent_id") == trace.at(0).at("span_id"));
}

TEST_CASE("the trace of each endpoint is what its snapshot says") {
    if (!has_tool(ddapm_test_agent)) return;
    // What differs from run to run, and stacks, which differ from build to build.
    const std::string ignored =
        "span_id,trace_id,parent_id,duration,start,metrics.process_id,meta.runtime-id,meta._dd.p.tid,meta.error.stack,"
        "metrics.http.response.body.size";
    const DdapmTestAgent datadog;
    Agent agent({"--traces", datadog.url()});
    agent.start();
    DemoApp app(agent, 1, shop);
    const std::map<std::string, std::string> endpoints = {{"root", "/"},       {"green", "/green"},
                                                          {"red", "/red"},     {"simulation", "/simulation"},
                                                          {"crash", "/crash"}, {"missing", "/missing?x=1"}};
    for (const auto& [name, path] : endpoints) {
        CAPTURE(name);
        // One of ten of /simulation fails, and is another trace.
        for (int attempt = 0; attempt < 20; ++attempt) {
            datadog.start_session(name);
            const double before = delivered(agent);
            const int status = get(app.port(), path).status;
            CHECK(eventually(20s, [&] { return delivered(agent) == before + 1; }));
            if (name == "simulation" && status != 200) continue;
            const json traces = datadog.traces(name);
            REQUIRE(traces.size() == 1);
            CHECK(traces.at(0).size() == (name == "simulation" ? 4 : 1));
            check_family(traces.at(0));
            CHECK(datadog.compare(name, ignored) == "");
            break;
        }
    }
    CHECK(book_problems(agent.scrape()).empty());
}

// What a caller says of its own span.
struct Caller {
    std::string trace_id;
    std::uint64_t span_id;
};

Caller call(const std::vector<std::string>& program, const DdapmTestAgent& datadog,
            std::map<std::string, std::string> environment = {}) {
    const TemporaryFolder folder;
    environment["DD_TRACE_AGENT_URL"] = datadog.url();
    environment["DD_INSTRUMENTATION_TELEMETRY_ENABLED"] = "false";
    environment["DD_REMOTE_CONFIGURATION_ENABLED"] = "false";
    environment["DD_REMOTE_CONFIG_ENABLED"] = "false";
    environment["DD_CRASHTRACKING_ENABLED"] = "false";
    const Finished done = run(
        {.arguments = program, .environment = std::move(environment), .folder = folder.path(), .name = "caller"}, 60s);
    CAPTURE(done.errors);
    REQUIRE(done.status == 0);
    const json said = json::parse(done.output);
    const json& span = said.at("span_id");
    return {said.at("trace_id"), span.is_string() ? std::stoull(span.get<std::string>()) : span.get<std::uint64_t>()};
}

// The first span of the service's chunk; null when it has not come.
json root_of(const json& traces, const std::string& service) {
    for (const json& trace : traces)
        for (const json& span : trace)
            if (span.at("service") == service) return span;
    return {};
}

std::string whole_trace_id(const json& span) {
    const auto low = to_hex(span.at("trace_id").get<std::uint64_t>());
    return span.at("meta").value("_dd.p.tid", std::string(16, '0')) + std::string(low.begin(), low.end());
}

void check_one_trace(const DdapmTestAgent& datadog, const std::string& token, const Caller& caller, double priority) {
    CHECK(eventually(20s, [&] {
        const json traces = datadog.traces(token);
        return !root_of(traces, "shop").is_null() && !root_of(traces, "caller").is_null();
    }));
    const json traces = datadog.traces(token);
    const json ours = root_of(traces, "shop");
    const json theirs = root_of(traces, "caller");
    REQUIRE_FALSE(ours.is_null());
    REQUIRE_FALSE(theirs.is_null());
    CHECK(whole_trace_id(ours) == caller.trace_id);
    CHECK(whole_trace_id(theirs) == caller.trace_id);
    CHECK(caller.trace_id.substr(0, 16) != std::string(16, '0'));
    CHECK(ours.at("parent_id").get<std::uint64_t>() == caller.span_id);
    CHECK(theirs.at("span_id").get<std::uint64_t>() == caller.span_id);
    CHECK(ours.at("metrics").at("_sampling_priority_v1") == priority);
    CHECK(theirs.at("metrics").at("_sampling_priority_v1") == priority);
    CHECK(ours.at("meta").at("http.route") == "/green");
    // Who decided is what the caller says it was; of a priority that was set by hand some callers do not say it.
    const std::string decided = ours.at("meta").value("_dd.p.dm", "");
    CHECK((decided.empty() || decided == theirs.at("meta").value("_dd.p.dm", "")));
    if (priority == 1) CHECK(decided == "-0");
    if (priority <= 0) CHECK(decided.empty());
}

TEST_CASE("where a trace began, and the tags that go from service to service, reach the spans of the app") {
    if (!has_tool(ddapm_test_agent)) return;
    const DdapmTestAgent datadog;
    Agent agent({"--traces", datadog.url()});
    agent.start();
    DemoApp app(agent, 1, shop);
    using Headers = std::map<std::string, std::string>;
    const std::map<std::string, std::function<Headers(int)>> callers = {
        {"datadog",
         [](int trace_id) {
             return Headers{{"x-datadog-trace-id", std::to_string(trace_id)},
                            {"x-datadog-parent-id", "43"},
                            {"x-datadog-sampling-priority", "2"},
                            {"x-datadog-origin", "synthetics"},
                            {"x-datadog-tags", "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4,_dd.p.usr=a"}};
         }},
        {"w3c", [](int trace_id) {
             const auto id = to_hex(static_cast<std::uint64_t>(trace_id));
             return Headers{
                 {"traceparent", "00-640cfd8d00000000" + std::string(id.data(), id.size()) + "-000000000000002b-01"},
                 {"tracestate", "dd=s:2;o:synthetics;t.dm:-4;t.usr:a,other=1"}};
         }}};
    double calls = 0;
    int trace_id = 42;  // of each call its own: now and then one fails on purpose, and has other spans
    for (const auto& [name, headers] : callers) {
        CAPTURE(name);
        datadog.start_session(name);
        for (int attempt = 0; attempt < 20; ++attempt) {
            ++calls;
            if (get(app.port(), "/simulation", headers(++trace_id)).status == 200) break;
        }
        check_delivered(agent, calls);
        json trace;
        for (const json& each : datadog.traces(name))
            if (each.at(0).at("trace_id") == trace_id) trace = each;
        REQUIRE(trace.size() == 4);
        const json& root = trace.at(0).at("meta");
        CHECK(root.at("_dd.p.dm") == "-4");
        CHECK(root.at("_dd.p.usr") == "a");
        CHECK(root.at("_dd.p.tid") == "640cfd8d00000000");
        for (const json& span : trace) CHECK(span.at("meta").at("_dd.origin") == "synthetics");
    }
    CHECK(datadog.failures() == "");
    CHECK(agent.stop() == 0);
}

TEST_CASE("Python's ddtrace and the app: one trace, its 128 bits equal, the caller's priority honoured") {
    if (!has_tool(ddapm_test_agent)) return;
    const DdapmTestAgent datadog;
    Agent agent({"--traces", datadog.url()});
    agent.start();
    DemoApp app(agent, 1, shop);
    const std::string url = "http://127.0.0.1:" + std::to_string(app.port()) + "/green";
    double calls = 0;
    for (const auto& [chosen, priority] : std::map<std::string, double>{{"none", 1}, {"2", 2}, {"0", 0}, {"-1", -1}}) {
        CAPTURE(chosen);
        const std::string token = "python" + chosen;
        datadog.start_session(token);
        const Caller caller =
            call({fetched("python/bin/python"), "tests/peers/clients/caller.py", url, chosen}, datadog);
        check_one_trace(datadog, token, caller, priority);
        check_delivered(agent, ++calls);
    }
    CHECK(datadog.failures() == "");
    CHECK(agent.stop() == 0);
}

TEST_CASE("node's dd-trace and the app: one trace, its 128 bits equal, the caller's priority honoured") {
    if (!has_tool(ddapm_test_agent) || !has_tool("node/node_modules/dd-trace/package.json")) return;
    const DdapmTestAgent datadog;
    Agent agent({"--traces", datadog.url()});
    agent.start();
    DemoApp app(agent, 1, shop);
    const std::string url = "http://127.0.0.1:" + std::to_string(app.port()) + "/green";
    double calls = 0;
    for (const auto& [chosen, priority] : std::map<std::string, double>{{"none", 1}, {"keep", 2}, {"drop", -1}}) {
        CAPTURE(chosen);
        const std::string token = "node" + chosen;
        datadog.start_session(token);
        const Caller caller = call({"node", "tests/peers/clients/caller.js", url, chosen}, datadog,
                                   {{"NODE_PATH", fetched("node/node_modules")}});
        check_one_trace(datadog, token, caller, priority);
        check_delivered(agent, ++calls);
    }
    CHECK(datadog.failures() == "");
    CHECK(agent.stop() == 0);
}

}  // namespace
}  // namespace outrigger::peers
