// Two apps of which one calls the other, each a cpp-httplib server with our Instrument and an emitter of its own, one
// agent, and rates that keep half of all traces.
#include <doctest/doctest.h>
#include <httplib.h>

#include <chrono>
#include <string>
#include <thread>

#include "app/instrument.h"
#include "shared/emitter/emitter.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/fake_trace_agent.h"
#include "tests/integration/peers/scrape_watch.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

class ServedApp {
  public:
    ServedApp(const Agent& agent, const std::string& service)
        : emitter_({.socket = agent.socket(), .service = service, .env = "prod", .version = "1", .ring_bytes = {}}),
          routes_(server_, [this](const RequestEvent& event) { emitter_.record(event); }) {
        emitter_.start();
        port_ = server_.bind_to_any_port("127.0.0.1");
    }
    ~ServedApp() {
        server_.stop();
        thread_.join();
        emitter_.stop(2s);
    }
    app::Instrument& routes() { return routes_; }
    int port() const { return port_; }
    void start() {
        thread_ = std::jthread([this] { server_.listen_after_bind(); });
        while (!server_.is_running()) std::this_thread::yield();
    }

  private:
    Emitter emitter_;
    httplib::Server server_;
    app::Instrument routes_;
    int port_ = 0;
    std::jthread thread_;
};

double delivered(const Agent& agent) {
    return agent.scrape().sum("outrigger_sink_delivered_events_total", {{"sink", "traces"}});
}

TEST_CASE("of two services in a chain both keep the same half of the traces, without telling each other") {
    constexpr int requests = 400;
    FakeTraceAgent datadog;
    datadog.give_rates(R"({"rate_by_service":{"service:shop,env:prod":0.5,"service:stock,env:prod":0.5}})", "1");
    Agent agent({"--traces", datadog.url()});
    agent.start();
    ServedApp stock(agent, "stock");
    stock.routes().get("/stock", [](const httplib::Request&) { return app::Reply{}; });
    stock.start();
    ServedApp shop(agent, "shop");
    shop.routes().get("/order", [&](const httplib::Request& request) {
        app::Reply reply;
        const auto answer =
            httplib::Client{"127.0.0.1", stock.port()}.Get("/stock", app::Instrument::outgoing_headers(request));
        reply.status = answer ? answer->status : 502;
        return reply;
    });
    shop.start();

    httplib::Client client{"127.0.0.1", shop.port()};
    REQUIRE(client.Get("/order"));
    REQUIRE(eventually(20s, [&] { return delivered(agent) == 2; }));  // by then the rates are known
    for (int n = 0; n < requests; ++n) {
        const auto answer = client.Get("/order");
        REQUIRE(answer);
        REQUIRE(answer->status == 200);
    }
    REQUIRE(eventually(20s, [&] { return delivered(agent) == 2 + 2 * requests; }));

    const auto seen = datadog.seen().priorities;
    const auto& callers = seen.at("shop");
    const auto& called = seen.at("stock");
    CHECK(callers.size() == requests + 1);
    REQUIRE(called.size() == callers.size());
    int kept = 0;
    int by_hash = 0;
    for (const auto& [trace_id, priority] : callers) {
        REQUIRE(called.contains(trace_id));
        // The slowest of a route are kept whatever the rate: by the one whose route was slow.
        if (priority == 2 || called.at(trace_id) == 2) continue;
        ++by_hash;
        if (priority > 0) ++kept;
        CHECK(called.at(trace_id) == priority);
    }
    CHECK(by_hash > requests * 9 / 10);
    CHECK(kept > by_hash / 3);
    CHECK(kept < by_hash * 2 / 3);
    CHECK(book_problems(agent.scrape()).empty());
    CHECK(agent.stop() == 0);
}

}  // namespace
}  // namespace outrigger::peers
