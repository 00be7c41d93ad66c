#include "app/instrument.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

#include "shared/trace_context.h"
#include "shared/trace_ids.h"
#include "shared/utc_clock.h"
#include "tests/unit/app/raw_client.h"
#include "tests/unit/app/recorded_app.h"

using namespace outrigger;
using namespace outrigger::app;

namespace {

Reply hello(const httplib::Request&) {
    Reply reply;
    reply.body = "hello";
    reply.message = "said hello";
    return reply;
}

}  // namespace

TEST_CASE("an answered request is one event") {
    RecordedApp app;
    app.routes().get("/hello", hello);
    app.start();
    const auto before = utc_us();
    const httplib::Headers as_it_is = {{"Accept-Encoding", "identity"}};
    const auto answer = httplib::Client{"127.0.0.1", app.port()}.Get("/hello?to=you", as_it_is);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(answer->body == "hello");

    const auto event = app.only_event();
    CHECK(event.method == "GET");
    CHECK(event.route == "/hello");
    CHECK(event.path == "/hello?to=you");
    CHECK(event.status == 200);
    CHECK(event.message == "said hello");
    CHECK(event.client == "127.0.0.1");
    CHECK(event.response_bytes == 5);
    CHECK(event.start_us >= before);
    CHECK(event.start_us + event.duration_us <= utc_us());
    CHECK(event.error_type.empty());
    CHECK(event.trace_id != TraceId{});
    CHECK(event.span_id != 0);
}

TEST_CASE("every answer names its trace and span, and is otherwise what it was") {
    RecordedApp app;
    app.routes().get("/hello", hello);
    app.routes().get("/empty", [](const httplib::Request&) { return Reply{}; });
    app.routes().get("/throws", [](const httplib::Request&) -> Reply { throw std::runtime_error("broken"); });
    app.start();
    httplib::Client client{"127.0.0.1", app.port()};
    std::size_t answers = 0;
    const auto check = [&](const httplib::Result& answer) {
        REQUIRE(answer);
        CAPTURE(answer->status);
        const auto event = app.events().at(answers++);
        const auto wanted = to_traceparent(event.trace_id, event.span_id, true);
        CHECK(answer->get_header_value_count("traceparent") == 1);
        CHECK(answer->get_header_value("traceparent") == std::string(wanted.begin(), wanted.end()));
        CHECK(answer->get_header_value("Content-Type") == "text/plain; charset=utf-8");
    };
    check(client.Get("/hello"));
    check(client.Head("/hello"));
    check(client.Get("/empty"));
    check(client.Get("/throws"));
    check(client.Get("/nowhere"));
    check(client.Post("/hello", "abc", "text/plain"));
    check(client.Get("/hello", {{"Range", "bytes=x"}}));
}

TEST_CASE("a request that brings a trace goes on in it") {
    RecordedApp app;
    app.routes().get("/hello", hello);
    app.start();
    const auto answer = httplib::Client{"127.0.0.1", app.port()}.Get(
        "/hello", {{"x-datadog-trace-id", "11803532876627986230"},
                   {"x-datadog-parent-id", "43"},
                   {"traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"},
                   {"x-datadog-sampling-priority", "2"}});
    REQUIRE(answer);
    const auto event = app.only_event();
    CHECK(low_half(event.trace_id) == 11803532876627986230U);
    CHECK(event.parent_id == 43);
    CHECK(event.priority == std::int8_t{2});
    CHECK(event.tags.empty());
    const auto span_id = to_hex(event.span_id);
    CHECK(answer->get_header_value("traceparent") ==
          "00-0000000000000000a3ce929d0e0e4736-" + std::string(span_id.begin(), span_id.end()) + "-01");
}

TEST_CASE("a handler that calls another service goes on in its request's trace, and so does the other") {
    RecordedApp stock;
    stock.routes().get("/stock", hello);
    stock.start();
    RecordedApp shop;
    shop.routes().get("/order", [&](const httplib::Request& request) {
        Reply reply;
        httplib::Client client{"127.0.0.1", stock.port()};
        for (int calls = 0; calls < 2; ++calls) client.Get("/stock", Instrument::outgoing_headers(request));
        return reply;
    });
    shop.start();
    httplib::Client client{"127.0.0.1", shop.port()};
    struct Row {
        httplib::Headers sent;
        std::optional<std::int8_t> priority;
    };
    const std::vector<Row> table = {
        {{}, std::nullopt},
        {{{"x-datadog-trace-id", "42"}, {"x-datadog-parent-id", "43"}}, std::nullopt},
        {{{"x-datadog-trace-id", "42"}, {"x-datadog-parent-id", "43"}, {"x-datadog-sampling-priority", "-1"}},
         std::int8_t{-1}},
        {{{"traceparent", "00-640cfd8d00000000a3ce929d0e0e4736-00f067aa0ba902b7-00"}}, std::int8_t{0}},
        {{{"traceparent", "00-640cfd8d00000000a3ce929d0e0e4736-00f067aa0ba902b7-01"}, {"tracestate", "dd=s:2"}},
         std::int8_t{2}},
    };
    for (std::size_t row = 0; row < table.size(); ++row) {
        CAPTURE(row);
        REQUIRE(client.Get("/order", table[row].sent));
        REQUIRE(shop.events().size() == row + 1);
        REQUIRE(stock.events().size() == 2 * row + 2);
        const auto order = shop.events()[row];
        CHECK(order.priority == table[row].priority);
        for (std::size_t call = 2 * row; call < 2 * row + 2; ++call) {
            const auto called = stock.events()[call];
            CHECK(called.trace_id == order.trace_id);
            CHECK(called.parent_id == order.span_id);
            CHECK(called.span_id != order.span_id);
            CHECK(called.priority == order.priority);
        }
    }
    CHECK(shop.events()[0].trace_id != shop.events()[1].trace_id);
}

TEST_CASE("an event is recorded before the client has its answer") {
    RecordedApp app;
    app.routes().get("/hello", hello);
    app.start();
    RawClient client{app.port()};
    for (std::size_t i = 1; i <= 50; ++i) {
        REQUIRE(client.send("GET /hello HTTP/1.1\r\n\r\n"));
        client.read_until("hello");
        REQUIRE(app.events().size() == i);
    }
}

TEST_CASE("an exception that nobody caught is a 500 and an event with its error") {
    RecordedApp app;
    app.routes().get("/throws", [](const httplib::Request&) -> Reply { throw std::out_of_range("no such shelf"); });
    app.routes().get("/throws-a-number", [](const httplib::Request&) -> Reply { throw 7; });
    app.start();
    httplib::Client client{"127.0.0.1", app.port()};
    auto answer = client.Get("/throws");
    REQUIRE(answer);
    CHECK(answer->status == 500);
    CHECK(answer->body == "Internal Server Error");
    const auto event = app.only_event();
    CHECK(event.route == "/throws");
    CHECK(event.status == 500);
    CHECK(event.message == "no such shelf");
    CHECK(event.error_type == "std::out_of_range");
    CHECK(event.error_message == "no such shelf");
    CHECK_FALSE(event.error_stack.empty());

    answer = client.Get("/throws-a-number");
    REQUIRE(answer);
    CHECK(answer->status == 500);
    REQUIRE(app.events().size() == 2);
    CHECK(app.events()[1].error_type == "int");
}

TEST_CASE("nothing of one request clings to the next on the same connection") {
    RecordedApp app;
    app.routes().get("/throws", [](const httplib::Request&) -> Reply {
        Reply unfinished;
        throw std::runtime_error("broken");
    });
    app.routes().get("/hello", hello);
    app.routes().get_unrecorded("/hidden", hello);
    app.start();
    httplib::Client client{"127.0.0.1", app.port()};
    client.set_keep_alive(true);
    for (const auto* path : {"/throws", "/nowhere", "/hidden", "/hello", "/throws", "/hello"})
        REQUIRE(client.Get(path));
    const auto events = app.events();
    REQUIRE(events.size() == 5);
    CHECK(events[1].route.empty());
    CHECK(events[1].message == "404 Not Found");
    CHECK(events[1].error_type.empty());
    CHECK(events[2].message == "said hello");
    CHECK(events[4].error_type.empty());
    CHECK(events[4].message == "said hello");
}

TEST_CASE("what no handler has seen is recorded too") {
    struct Row {
        std::string sent;
        int status;
        std::string_view method;
        std::string_view path;
        std::string_view message;
    };
    const std::vector<Row> table{
        {"GET /nowhere?x=1 HTTP/1.1\r\n\r\n", 404, "GET", "/nowhere?x=1", "404 Not Found"},
        {"POST /hello HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 404, "POST", "/hello", "404 Not Found"},
        {"BREW /hello HTTP/1.1\r\n\r\n", 400, "BREW", "/hello", "400 Bad Request"},
        {"GET /hello HTTP/3.0\r\n\r\n", 400, "GET", "/hello", "400 Bad Request"},
        {"GET /hello?" + std::string(9'000, 'a') + " HTTP/1.1\r\n\r\n", 414, "", "", "414 URI Too Long"},
        {"GET /hello HTTP/1.1\r\nRange: bytes=x\r\n\r\n", 416, "GET", "/hello", "416 Range Not Satisfiable"},
        {"POST /hello HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n" + std::string(2'000'000, 'a'), 413, "POST", "/hello",
         "413 Payload Too Large"},
    };
    for (const auto& row : table) {
        CAPTURE(row.message);
        RecordedApp app;
        app.routes().get("/hello", hello);
        app.start();
        RawClient client{app.port()};
        client.send(row.sent);
        const auto answer = client.read_until("\r\n\r\n");
        CHECK(answer.starts_with("HTTP/1.1 " + std::to_string(row.status)));
        const auto event = app.only_event();
        CHECK(event.status == row.status);
        CHECK(event.method == row.method);
        CHECK(event.path == row.path);
        CHECK(event.route.empty());
        CHECK(event.message == row.message);
        CHECK(event.client == "127.0.0.1");
    }
}

TEST_CASE("without a recorder pages are served and exceptions answered all the same") {
    const Listener listener{{"127.0.0.1", 0}};
    Server server;
    Instrument routes{server.http(), {}};
    routes.get("/hello", hello);
    routes.get("/throws", [](const httplib::Request&) -> Reply { throw std::runtime_error("broken"); });
    server.start(listener.fd());
    httplib::Client client{"127.0.0.1", listener.address().port};
    const auto answer = client.Get("/hello");
    REQUIRE(answer);
    CHECK(answer->body == "hello");
    CHECK_FALSE(answer->has_header("traceparent"));
    const auto broken = client.Get("/throws");
    REQUIRE(broken);
    CHECK(broken->status == 500);
    CHECK(broken->body == "Internal Server Error");
}

TEST_CASE("a plain cpp-httplib server can be instrumented as well") {
    httplib::Server plain;
    std::atomic<int> recorded = 0;
    std::atomic<std::int64_t> duration_us = -1;
    Instrument routes{plain, [&](const RequestEvent& event) {
                          ++recorded;
                          duration_us = event.duration_us;
                          CHECK(event.client == "127.0.0.1");
                      }};
    routes.get("/hello", hello);
    const int port = plain.bind_to_any_port("127.0.0.1");
    std::jthread serving{[&] { plain.listen_after_bind(); }};
    const auto answer = httplib::Client{"127.0.0.1", port}.Get("/hello");
    plain.stop();
    serving.join();
    REQUIRE(answer);
    CHECK(answer->body == "hello");
    CHECK(recorded == 1);
    CHECK(duration_us >= 0);
}
