#include "agent/sampling/sampler.h"

#include <doctest/doctest.h>

#include "tests/unit/shared/encoded.h"

namespace outrigger::sampling {
namespace {

struct Request {
    std::string_view route = "/a";
    int status = 200;
    std::int64_t duration_us = 100;
    std::string_view error_message = {};
    std::optional<std::int8_t> priority = {};
    std::uint64_t trace_id = 10;  // kept at 0.75, not at 0.5
};

class Desk {
  public:
    explicit Desk(const RatesBoard* board) : sampler_({board, "own", "test"}) {}

    Decision decide(const Request& what, std::int64_t now_us, std::string_view service = "web",
                    std::string_view env = "prod") {
        RequestEvent event;
        event.method = "GET";
        event.route = what.route;
        event.status = what.status;
        event.duration_us = what.duration_us;
        event.error.message = what.error_message;
        event.priority = what.priority;
        event.trace_id = to_trace_id(3, what.trace_id);
        const auto record = test::encoded(event);
        sampler_.set_now(now_us);
        const auto view = RequestView::parse(record);
        REQUIRE(view);
        return service.empty() ? sampler_.decide(Candidate(*view))
                               : sampler_.decide(Candidate(*view), service, env, origin_);
    }

  private:
    Sampler sampler_;
    Origin origin_;
};

TEST_CASE("without a trace sink only the caller's priority counts") {
    Desk desk(nullptr);
    CHECK(desk.decide({.status = 500}, 1).priority == 1);
    CHECK(desk.decide({.priority = 0}, 1).kept == false);
    CHECK(desk.decide({}, 1, "").kept);
}

TEST_CASE("the rates of the board count from the next look on, by the service and environment of the sender") {
    RatesBoard board;
    Desk desk(&board);
    CHECK(desk.decide({}, 1).mechanism == Mechanism::nobody);
    board.put(Rates({{"service:web,env:prod", 0.5}, {"service:own,env:test", 0.75}, {"service:,env:", 0}}));
    CHECK(desk.decide({}, 2).priority == 0);
    CHECK(desk.decide({}, 2).mechanism == Mechanism::rate_of_agent);
    CHECK(desk.decide({}, 3, "").priority == 1);  // no hello: the agent's own
    board.put(Rates({{"service:web,env:prod", 0.75}}));
    CHECK(desk.decide({}, 4).priority == 1);
}

TEST_CASE("a sender that says no service or environment has the agent's") {
    RatesBoard board;
    board.put(Rates({{"service:own,env:test", 0}}));
    Sampler sampler({&board, "own", "test"});
    sampler.set_now(1);
    RequestEvent event;
    event.method = "GET";
    event.status = 200;
    event.trace_id = to_trace_id(0, 7);
    const auto record = test::encoded(event);
    Origin origin;
    CHECK(sampler.decide(Candidate(*RequestView::parse(record)), "", "", origin).priority == 0);
}

TEST_CASE("failures are kept whatever the rate: by status, or by an error that was said") {
    RatesBoard board;
    board.put(Rates({{"service:,env:", 0}}));
    Desk desk(&board);
    CHECK(desk.decide({.status = 500}, 1).priority == 2);
    CHECK(desk.decide({.error_message = "no"}, 1).priority == 2);
    CHECK(desk.decide({.status = 499}, 1).priority == 0);
}

TEST_CASE("requests that are slower than their route was are kept whatever the rate") {
    RatesBoard board;
    board.put(Rates({{"service:,env:", 0}}));
    Desk desk(&board);
    for (int i = 0; i < 100; ++i) CHECK(desk.decide({}, 1).priority == 0);
    const std::int64_t later = SlowRoutes::window_us + 1;
    CHECK(desk.decide({.duration_us = 100}, later).priority == 0);
    CHECK(desk.decide({.duration_us = 500}, later).priority == 2);
    CHECK(desk.decide({.route = "/b", .duration_us = 500}, later).priority == 0);
    CHECK(desk.decide({.duration_us = 500, .priority = -1}, later).priority == -1);
}

}  // namespace
}  // namespace outrigger::sampling
