#include "tests/peers/etsy_statsd.h"

#include <doctest/doctest.h>

#include <chrono>

#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/demo_app.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"
#include "tests/integration/peers/load.h"
#include "tests/integration/peers/load_shapes.h"
#include "tests/integration/peers/scrape_watch.h"
#include "tests/peers/fetched_tool.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

TEST_CASE("etsy's statsd reads the plain dialect: everything in the name, exact counts, no bad line") {
    if (!has_tool("etsy/node_modules/statsd/stats.js")) return;
    const EtsyStatsd statsd;
    Agent agent({"--statsd", statsd.target(), "--statsd-dialect", "plain", "--service", "shop"});
    agent.start();
    LineClient client(agent.socket());
    std::string lines;
    for (int n = 0; n < 100; ++n)
        lines += R"({"method":"GET","route":"/fixed","status":200,"duration_us":20000})"
                 "\n";
    REQUIRE(client.send(lines));
    DemoApp app(agent, 2, {{"DD_SERVICE", "shop"}});
    CHECK(offer({app.port(), mixed_paths({{"/", 500}, {"/green", 300}, {"/red", 200}})}).failures.empty());
    CHECK(eventually(20s, [&] {
        return agent.scrape().sum("outrigger_sink_delivered_events_total", {{"sink", "statsd"}}) == 1'100;
    }));
    CHECK(eventually(10s, [&] { return statsd.counter("request_count.shop.GET._.200") == 500; }));
    CHECK(statsd.counter("request_count.shop.GET._green.200") == 300);
    CHECK(statsd.counter("request_count.shop.GET._red.500") == 200);
    CHECK(statsd.counter("statsd.bad_lines_seen") == 0);
    CHECK(statsd.counter("statsd.metrics_received") > 3);
    CHECK(statsd.ask("timers").contains("request_latency_seconds.shop.GET._green.200"));
    // Milliseconds; one line, or two when a flush came between, each of which stands for many.
    const auto fixed = statsd.timer("request_latency_seconds.shop.GET._fixed.200");
    CHECK_FALSE(fixed.empty());
    for (const double milliseconds : fixed) CHECK(milliseconds == doctest::Approx(20).epsilon(0.011));
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(agent.stop() == 0);
}

}  // namespace
}  // namespace outrigger::peers
