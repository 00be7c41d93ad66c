#include "app/log.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "shared/trace_ids.h"

using namespace outrigger;
using namespace outrigger::app;

namespace {

constexpr std::int64_t now_us = 1'763'800'000'023'456;
const LogSettings json{LogLevel::info, LogFormat::json, "shop", "prod", "1.0.3"};
const LogSettings text{LogLevel::info, LogFormat::text, "shop", "prod", "1.0.3"};

RequestEvent failed_request() {
    RequestEvent event;
    event.method = "GET";
    event.route = "/red";
    event.path = "/red?n=\"1\"";
    event.status = 500;
    event.duration_us = 1234;
    event.client = "192.0.2.7";
    event.trace_id = to_trace_id(0x640cfd8d00000000, 0xa3ce929d0e0e4736);
    event.span_id = 0xa3ce929d0e0e4736;
    event.message = "Error: division by zero";
    event.error = {"Late", "too late", "at there\nat here\n"};
    return event;
}

}  // namespace

TEST_CASE("a JSON line of a request carries the ids in the form that Datadog joins traces by") {
    const auto line = to_line(json, LogLevel::error, failed_request(), now_us);
    CHECK(line.find('\n') == std::string::npos);
    const auto read = nlohmann::json::parse(line);
    CHECK(read["dd.trace_id"] == "640cfd8d00000000a3ce929d0e0e4736");
    CHECK(read["dd.span_id"] == "11803532876627986230");
    CHECK(read["dd.service"] == "shop");
    CHECK(read["dd.env"] == "prod");
    CHECK(read["dd.version"] == "1.0.3");
    CHECK(read["timestamp"] == "2025-11-22T08:26:40.023456Z");
    CHECK(read["level"] == "error");
    CHECK(read["message"] == "GET /red?n=\"1\" 500: Error: division by zero");
    CHECK(read["http.status_code"] == 500);
    CHECK(read["http.url"] == "/red?n=\"1\"");
    CHECK(read["duration"] == 1'234'000);
    CHECK(read["error.kind"] == "Late");
    CHECK(read["error.message"] == "too late");
    CHECK(read["error.stack"] == "at there\nat here\n");
}

TEST_CASE("what the app says of itself has no ids, and what is not known is left out") {
    LogSettings nameless;
    nameless.format = LogFormat::json;
    const auto read = nlohmann::json::parse(to_line(nameless, LogLevel::warn, "a worker ended", now_us));
    CHECK(read["message"] == "a worker ended");
    CHECK(read["level"] == "warn");
    CHECK_FALSE(read.contains("dd.trace_id"));
    CHECK_FALSE(read.contains("dd.env"));
}

TEST_CASE("whatever a client sends, a line is one line") {
    auto event = failed_request();
    event.path = "/\xff\x01\r\nfake: line";
    for (const auto& settings : {json, text}) {
        const auto line = to_line(settings, LogLevel::error, event, now_us);
        CHECK(line.find_first_of("\r\n") == std::string::npos);
    }
    CHECK(nlohmann::json::parse(to_line(json, LogLevel::error, event, now_us))["http.url"] ==
          "/\xEF\xBF\xBD\x01\r\nfake: line");
}

TEST_CASE("a text line names the trace too") {
    CHECK(to_line(text, LogLevel::error, failed_request(), now_us) ==
          "demo-app: GET /red?n=\"1\" 500: Error: division by zero (trace 640cfd8d00000000a3ce929d0e0e4736)");
}

TEST_CASE("a request that failed is an error, any other only for who asks for each") {
    auto event = failed_request();
    CHECK(level_of(event) == LogLevel::error);
    for (const int status : {200, 302, 404, 499}) {
        event.status = status;
        CHECK(level_of(event) == LogLevel::debug);
    }
}
