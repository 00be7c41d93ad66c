#include "agent/sinks/rows/event_json.h"

#include <doctest/doctest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "shared/record.h"

using namespace outrigger;
using namespace outrigger::rows;

namespace {

nlohmann::json described(const RequestEvent& event, const Identity* identity) {
    const auto measured = measure(event);
    REQUIRE(measured);
    std::vector<std::byte> record(measured->length);
    write(event, *measured, record.data());
    journal::Entry entry;
    entry.envelope.arrival_us = 2'000'000;
    entry.payload = record;
    entry.identity = identity;
    const auto lost = describe(entry, {1, "agent's", "own", "1.0"});
    CHECK(lost.base64 == to_base64(record));
    return nlohmann::json::parse(lost.json);
}

}  // namespace

TEST_CASE("a dead letter says all of an event, under the names of the row") {
    const std::array tags{Tag{"plan", "pro"}, Tag{"quote", "\"\n"}};
    RequestEvent event;
    event.method = "POST";
    event.route = "/users/:id";
    event.path = "/users/7?x=1";
    event.status = 503;
    event.duration_us = 1500;
    event.start_us = 1'000'000;
    event.request_bytes = 10;
    event.response_bytes = 20;
    event.client = "192.0.2.1";
    event.trace_id[15] = 0xab;
    event.span_id = UINT64_MAX;
    event.message = "hello";
    event.error = {"Timeout", "too late", "at main"};
    event.tags = tags;
    Identity identity;
    identity.service = "shop";
    identity.host = "web-1";
    CHECK(described(event, &identity) ==
          nlohmann::json{{"start_us", 1'000'000},
                         {"endpoint", "/users/7?x=1"},
                         {"status_code", 503},
                         {"service", "shop"},
                         {"env", "own"},
                         {"version", "1.0"},
                         {"host", "web-1"},
                         {"method", "POST"},
                         {"route", "/users/:id"},
                         {"duration_us", 1500},
                         {"source_ip", "00000000000000000000ffffc0000201"},
                         {"message", "hello"},
                         {"request_bytes", 10},
                         {"response_bytes", 20},
                         {"trace_id", "000000000000000000000000000000ab"},
                         {"span_id", -1},
                         {"error", {{"type", "Timeout"}, {"message", "too late"}, {"stack", "at main"}}},
                         {"tags", {{"plan", "pro"}, {"quote", "\"\n"}}}});
}

TEST_CASE("a dead letter of a bare event, from nobody, has what a row would have") {
    RequestEvent event;
    event.status = 200;
    const auto json = described(event, nullptr);
    CHECK(json["service"] == "agent's");
    CHECK(json["start_us"] == 2'000'000);
    for (const char* absent : {"host", "message", "source_ip", "trace_id", "span_id", "error", "tags", "request_bytes"})
        CHECK_FALSE(json.contains(absent));
}

TEST_CASE("what is no record is kept as its bytes") {
    journal::Entry entry;
    const std::array<std::byte, 3> payload{std::byte{1}, std::byte{2}, std::byte{255}};
    entry.payload = payload;
    const auto lost = describe(entry, {});
    CHECK(lost.json == "{}");
    CHECK(lost.base64 == "AQL/");
}
