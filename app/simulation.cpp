#include "app/simulation.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <stdexcept>
#include <string_view>

#include "app/failure.h"
#include "shared/utc_clock.h"

namespace outrigger::app {

struct SimulatedError : std::runtime_error, Traced {
    SimulatedError() : std::runtime_error("the database did not answer in time") {}
};

[[gnu::noinline]] void query_database(double chance) {
    constexpr double failing = 0.1;
    if (chance < failing) [[likely]]
        throw SimulatedError{};
}

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

template <typename Work>
ChildSpan timed(ChildSpan span, const Work& work) {
    span.start_us = utc_us();
    const auto began = std::chrono::steady_clock::now();
    try {
        work();
    } catch (const std::exception& error) {
        span.error = describe(error);
    }
    span.duration_us = duration_cast<microseconds>(std::chrono::steady_clock::now() - began).count();
    return span;
}

// Named and tagged by Datadog's conventions, so that its pages for databases and caches know what they see.
ChildSpan cache_span() {
    ChildSpan span;
    span.name = "redis.command";
    span.resource = "GET";
    span.service = "demo-cache";
    span.kind = "client";
    span.tags = {{"db.system", "redis"}, {"redis.raw_command", "GET simulation:latest"}, {"cache.hit", "false"}};
    return span;
}

ChildSpan query_span() {
    ChildSpan span;
    span.name = "postgres.query";
    span.resource = "SELECT payload FROM simulations WHERE id = $1";
    span.service = "demo-postgres";
    span.kind = "client";
    span.tags = {{"db.system", "postgresql"}, {"db.name", "demo"}, {"db.operation", "SELECT"}};
    return span;
}

ChildSpan render_span() {
    ChildSpan span;
    span.name = "page.render";
    span.resource = "simulation";
    span.kind = "internal";
    return span;
}

std::string two_decimals(double value) {
    std::array<char, 32> text{};
    const int length = std::snprintf(text.data(), text.size(), "%.2f", value);
    return {text.data(), static_cast<std::size_t>(length)};
}

}  // namespace

Reply simulate(const World& world) {
    const auto milliseconds = 100.0 + 900.0 * world.chance();
    const microseconds latency{static_cast<std::int64_t>(milliseconds * 1000)};
    const auto in_cache = latency / 10;
    const auto rendering = latency / 20;

    Reply reply;
    reply.spans.push_back(timed(cache_span(), [&] { world.sleep(in_cache); }));
    reply.spans.push_back(timed(query_span(), [&] {
        world.sleep(latency - in_cache - rendering);
        query_database(world.chance());
    }));
    reply.error = reply.spans.back().error;
    if (!reply.error) reply.spans.push_back(timed(render_span(), [&] { world.sleep(rendering); }));

    world.record_metric({MetricKind::histogram, "simulated_latency_seconds", milliseconds / 1000, {}});
    if (reply.error) {
        world.record_metric({MetricKind::count, "simulation_errors", 1, {}});
        reply.status = 500;
        reply.body = reply.error->message;
        reply.message = "Simulated error: " + reply.error->message;
    } else {
        const auto text = two_decimals(milliseconds);
        reply.body = "Request successful. Simulated latency: " + text + " milliseconds.";
        reply.message = "Simulated latency: " + text + " ms";
    }
    return reply;
}

}  // namespace outrigger::app
