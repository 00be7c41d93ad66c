#include "tests/integration/peers/system_calls.h"

#include <doctest/doctest.h>

#include <chrono>
#include <numeric>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/pass_over.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

constexpr int requests = 2000;

// Of the threads that serve requests: they, and no others, accept connections.
std::map<std::string, long> calls_of_request_threads(const std::string& socket, int agent_port,
                                                     const std::string& ring_size = "4MiB") {
    const SystemCalls calls;
    {
        DemoApp app(socket, agent_port, 1, {{"OUTRIGGER_RING_SIZE", ring_size}}, calls.command());
        const Outcome outcome = offer({app.port(), numbered_paths(requests), 1});
        CHECK(outcome.failures.empty());
        CHECK(app.stop() == 0);
    }
    return calls.of_threads_that_called("accept4");
}

long sum(const std::map<std::string, long>& calls) {
    return std::accumulate(calls.begin(), calls.end(), 0L, [](long all, const auto& one) { return all + one.second; });
}

// A thread that starts or stops makes some calls of its own; one call in an event would be `requests` of them.
void check_as_few(const std::map<std::string, long>& instrumented, const std::map<std::string, long>& bare) {
    const auto times = [](const std::map<std::string, long>& calls, const std::string& name) {
        const auto found = calls.find(name);
        return found == calls.end() ? 0 : found->second;
    };
    for (const auto& [name, count] : instrumented) {
        CAPTURE(name);
        CHECK(count - times(bare, name) < requests / 20);
    }
    CHECK(sum(instrumented) - sum(bare) < requests / 20);
}

// A sanitizer that looks for leaks at the end does not let itself be traced.
TEST_CASE("a thread that serves requests makes no system call for recording them, whether there is an agent or not" *
          doctest::skip(sanitized())) {
    if (const auto reason = SystemCalls::unavailable()) {
        pass_over("system calls cannot be watched here: " + *reason);
        return;
    }
    Agent agent;
    agent.start();
    const auto bare = calls_of_request_threads("none", agent.port());
    REQUIRE(sum(bare) >= 2 * requests);  // reading and writing, at least: these are the right threads
    check_as_few(calls_of_request_threads(agent.socket(), agent.port()), bare);
    CHECK(eventually(20s, [&] { return agent.scrape().sum("http_requests_total") == requests; }));

    agent.pause();  // a small ring is full before long
    check_as_few(calls_of_request_threads(agent.socket(), 1, "256KiB"), bare);
    agent.resume();
    const auto dropped = [&] { return agent.scrape().sum("outrigger_emitter_dropped_events_total"); };
    CHECK(eventually(20s, [&] { return agent.scrape().sum("http_requests_total") + dropped() == 2 * requests; }));
    CHECK(dropped() > 0);  // full it was

    // No folder for a ring: everything is dropped.
    check_as_few(calls_of_request_threads("/proc/outrigger/agent.sock", agent.port()), bare);
}

}  // namespace
}  // namespace outrigger::peers
