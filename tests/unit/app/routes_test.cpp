#include "app/routes.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <thread>

#include "tests/unit/app/recorded_app.h"

using namespace outrigger;
using namespace outrigger::app;
using std::chrono::microseconds;

namespace {

struct KeptMetric {
    MetricKind kind;
    std::string name;
    double value;
};

// The demo's pages in a world where chance is told what to say and sleep takes no time.
struct Demo {
    std::deque<double> chances;
    std::vector<microseconds> sleeps;
    std::vector<KeptMetric> metrics;
    RecordedApp app;
    std::optional<httplib::Client> client;

    explicit Demo(const Address& agent = {"127.0.0.1", 1}) {
        add_routes(app.routes(), {
                                     .chance =
                                         [this] {
                                             const double chance = chances.front();
                                             chances.pop_front();
                                             return chance;
                                         },
                                     .sleep = [this](microseconds time) { sleeps.push_back(time); },
                                     .record_metric =
                                         [this](const MetricEvent& metric) {
                                             metrics.push_back({metric.kind, std::string{metric.name}, metric.value});
                                         },
                                     .agent = agent,
                                 });
        app.start();
        client.emplace("127.0.0.1", app.port());
    }

    httplib::Response get(const char* path, const httplib::Headers& headers = {}) {
        auto answer = client->Get(path, headers);
        REQUIRE(answer);
        return *answer;
    }
};

}  // namespace

TEST_CASE("the plain pages say what they always said") {
    struct Row {
        const char* path;
        int status;
        const char* body;
        const char* message;
    };
    constexpr Row table[] = {
        {"/", 200, "Outrigger demo app!", "Hello World endpoint hit."},
        {"/green", 200, "Green", "Green endpoint hit."},
        {"/red", 500, "Red", "Error: division by zero"},
        {"/crash", 500, "Internal Server Error", "this exception was caught by nobody"},
    };
    for (const auto& row : table) {
        CAPTURE(row.path);
        Demo demo;
        const auto answer = demo.get(row.path);
        CHECK(answer.status == row.status);
        CHECK(answer.body == row.body);
        const auto event = demo.app.only_event();
        CHECK(event.route == row.path);
        CHECK(event.status == row.status);
        CHECK(event.message == row.message);
        CHECK(event.error_type.empty() == (row.status == 200));
    }
}

TEST_CASE("red fails with a type, a message and a stack") {
    Demo demo;
    demo.get("/red");
    const auto event = demo.app.only_event();
    CHECK(event.error_type == "outrigger::app::DivisionByZero");
    CHECK(event.error_message == "division by zero");
    CHECK(event.error_stack.starts_with("at "));
    CHECK(std::ranges::count_if(event.error_stack, [](char one) { return one == '\n'; }) > 3);
}

TEST_CASE("a simulation that goes well says how long it took") {
    Demo demo;
    demo.chances = {0.5, 0.1};
    const auto answer = demo.get("/simulation");
    CHECK(answer.status == 200);
    CHECK(answer.body == "Request successful. Simulated latency: 550.00 milliseconds.");
    const auto event = demo.app.only_event();
    CHECK(event.message == "Simulated latency: 550.00 ms");
    CHECK(event.error_type.empty());
    CHECK(std::accumulate(demo.sleeps.begin(), demo.sleeps.end(), microseconds{0}) == microseconds{550'000});
    REQUIRE(event.spans.size() == 3);
    CHECK(event.spans[0].name == "redis.command");
    CHECK(event.spans[1].name == "postgres.query");
    CHECK(event.spans[1].error_type.empty());
    CHECK(event.spans[1].tags.at("db.system") == "postgresql");
    CHECK(event.spans[2].name == "page.render");
    REQUIRE(demo.metrics.size() == 1);
    CHECK(demo.metrics[0].name == "simulated_latency_seconds");
    CHECK(demo.metrics[0].kind == MetricKind::histogram);
    CHECK(demo.metrics[0].value == doctest::Approx(0.55));
}

TEST_CASE("one simulation in ten fails, and says why in its row, its span and a count") {
    Demo demo;
    demo.chances = {0.0, 0.0999};
    const auto answer = demo.get("/simulation");
    CHECK(answer.status == 500);
    CHECK(answer.body == "the database did not answer in time");
    const auto event = demo.app.only_event();
    CHECK(event.message == "Simulated error: the database did not answer in time");
    CHECK(event.error_type == "outrigger::app::SimulatedError");
    CHECK_FALSE(event.error_stack.empty());
    REQUIRE(event.spans.size() == 2);
    CHECK(event.spans[0].error_type.empty());
    CHECK(event.spans[1].error_type == "outrigger::app::SimulatedError");
    REQUIRE(demo.metrics.size() == 2);
    CHECK(demo.metrics[1].name == "simulation_errors");
    CHECK(demo.metrics[1].kind == MetricKind::count);
    CHECK(demo.metrics[1].value == 1);
}

TEST_CASE("a simulation takes between 100 and 1000 ms") {
    Demo demo;
    demo.chances = {0.0, 0.5, 0.9999999, 0.5};
    demo.get("/simulation");
    demo.get("/simulation");
    const auto& sleeps = demo.sleeps;
    REQUIRE(sleeps.size() == 6);
    CHECK(sleeps[0] + sleeps[1] + sleeps[2] == microseconds{100'000});
    CHECK(sleeps[3] + sleeps[4] + sleeps[5] <= microseconds{1'000'000});
    CHECK(sleeps[3] + sleeps[4] + sleeps[5] > microseconds{999'000});
}

TEST_CASE("metrics are the agent's, in the form that the client asked for, and leave no event") {
    httplib::Server agent;
    agent.Get("/metrics", [](const httplib::Request& request, httplib::Response& response) {
        response.set_content("accept=" + request.get_header_value("Accept"), "application/openmetrics-text; version=1");
    });
    const int port = agent.bind_to_any_port("127.0.0.1");
    std::jthread serving{[&] { agent.listen_after_bind(); }};
    Demo demo{{"127.0.0.1", static_cast<std::uint16_t>(port)}};
    const auto answer = demo.get("/metrics", {{"Accept", "application/openmetrics-text"}});
    agent.stop();
    CHECK(answer.status == 200);
    CHECK(answer.body == "accept=application/openmetrics-text");
    CHECK(answer.get_header_value("Content-Type") == "application/openmetrics-text; version=1");
    CHECK(demo.app.events().empty());
}

TEST_CASE("without an agent the metrics page says so and the others go on") {
    Demo demo;
    const auto answer = demo.get("/metrics");
    CHECK(answer.status == 502);
    CHECK(answer.body.starts_with("the agent at 127.0.0.1:1 does not answer"));
    CHECK(demo.get("/green").status == 200);
}
