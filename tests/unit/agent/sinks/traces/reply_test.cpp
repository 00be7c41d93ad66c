#include "agent/sinks/traces/reply.h"

#include <doctest/doctest.h>

namespace outrigger::traces {
namespace {

TEST_CASE("each status has one consequence") {
    for (const int status : {200, 202}) CHECK(verdict_of(status) == Verdict::accepted);
    CHECK(verdict_of(413) == Verdict::too_large);
    for (const int status : {400, 415}) CHECK(verdict_of(status) == Verdict::refused);
    for (const int status : {100, 301, 401, 403, 404, 408, 429, 500, 502, 503}) {
        CAPTURE(status);
        CHECK(verdict_of(status) == Verdict::retry);
    }
}

TEST_CASE("rates are what the agent says they are; anything else says nothing") {
    const auto rates = parse_rates(R"({"rate_by_service":{"service:web,env:prod":0.5,"service:,env:":1,"x":"y"}})");
    REQUIRE(rates);
    CHECK(*rates == RateTable{{"service:web,env:prod", 0.5}, {"service:,env:", 1}});
    for (const char* body : {"", "{}", "OK\n", "[1]", "{\"rate_by_service\":{}}", "{\"rate_by_service\":7}",
                             "{\"rate_by_service\":{\"a\":0.5}", "\xff"}) {
        CAPTURE(body);
        CHECK_FALSE(parse_rates(body));
    }
    CHECK_FALSE(parse_rates(std::string(500'000, '[')));
}

TEST_CASE("a reply is told in one short line") {
    CHECK(describe({429, "too\nmany\x1b[31m", ""}) == "429 too many [31m");
    CHECK(describe({503, "", ""}) == "503");
    CHECK(describe({500, std::string(5'000, 'x'), ""}).size() == 204);
}

}  // namespace
}  // namespace outrigger::traces
