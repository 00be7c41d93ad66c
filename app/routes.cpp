#include "app/routes.h"

#include <httplib.h>

#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "app/failure.h"
#include "app/simulation.h"

namespace outrigger::app {

// Not in an unnamed namespace: they appear by name in the stacks that the demo shows.
struct DivisionByZero : std::domain_error, Traced {
    DivisionByZero() : std::domain_error("division by zero") {}
};

struct Crash : std::runtime_error, Traced {
    Crash() : std::runtime_error("this exception was caught by nobody") {}
};

[[gnu::noinline]] int divide(int dividend, int divisor) {
    if (divisor == 0) [[likely]]
        throw DivisionByZero{};
    return dividend / divisor;
}

Reply red() {
    Reply reply;
    const volatile int zero = 0;  // what the compiler does not know, it cannot fold away
    try {
        reply.body = std::to_string(divide(1, zero));
    } catch (const std::exception& error) {
        reply.status = 500;
        reply.body = "Red";
        reply.message = std::string{"Error: "} + error.what();
        reply.error = describe(error);
    }
    return reply;
}

Reply crash() { throw Crash{}; }

namespace {

Handler page(const char* body, const char* message) {
    return [body, message](const httplib::Request&) {
        Reply reply;
        reply.body = body;
        reply.message = message;
        return reply;
    };
}

// The agent's answer as it is, in the form that the client asked for.
Reply pass_metrics_through(const Address& agent, const httplib::Request& request) {
    httplib::Client client{agent.host, agent.port};
    client.set_connection_timeout(std::chrono::seconds{1});
    client.set_read_timeout(std::chrono::seconds{5});
    client.set_write_timeout(std::chrono::seconds{1});
    httplib::Headers headers;
    if (request.has_header("Accept")) headers.emplace("Accept", request.get_header_value("Accept"));
    auto answer = client.Get("/metrics", headers);
    Reply reply;
    if (!answer) {
        reply.status = 502;
        reply.body = "the agent at " + agent.host + ":" + std::to_string(agent.port) +
                     " does not answer: " + httplib::to_string(answer.error()) + "\n";
        return reply;
    }
    reply.status = answer->status;
    reply.content_type = answer->get_header_value("Content-Type");
    reply.body = std::move(answer->body);
    return reply;
}

}  // namespace

World real_world(const Address& agent, std::function<void(const MetricEvent&)> record_metric) {
    return {
        .chance =
            [] {
                thread_local std::minstd_rand generator{std::random_device{}()};
                return std::uniform_real_distribution{}(generator);
            },
        .sleep = [](std::chrono::microseconds time) { std::this_thread::sleep_for(time); },
        .record_metric = std::move(record_metric),
        .agent = agent,
    };
}

void add_routes(Instrument& routes, const World& world) {
    routes.get("/", page("Outrigger demo app!", "Hello World endpoint hit."));
    routes.get("/green", page("Green", "Green endpoint hit."));
    routes.get("/red", [](const httplib::Request&) { return red(); });
    routes.get("/simulation", [world](const httplib::Request&) { return simulate(world); });
    routes.get("/crash", [](const httplib::Request&) { return crash(); });
    routes.get_unrecorded("/metrics", [agent = world.agent](const httplib::Request& request) {
        return pass_metrics_through(agent, request);
    });
}

}  // namespace outrigger::app
