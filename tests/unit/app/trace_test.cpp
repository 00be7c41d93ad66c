#include "app/trace.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include <string>
#include <utility>
#include <vector>

using namespace outrigger;
using namespace outrigger::app;

namespace {

constexpr auto traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

RequestTrace traced(const httplib::Headers& headers) {
    httplib::Request request;
    request.headers = headers;
    IdSource source{7};
    return trace_of(request, source, 1'763'800'000);
}

RequestTrace began_here() {
    RequestTrace trace;
    trace.trace_id = to_trace_id(1, 2);
    trace.span_id = 3;
    return trace;
}

template <std::size_t N>
std::string text(const std::array<char, N>& characters) {
    return {characters.data(), N};
}

std::string id(const RequestTrace& trace) { return text(to_hex(trace.trace_id)); }

}  // namespace

TEST_CASE("a request without trace headers begins a trace of its own") {
    const auto trace = traced({{"Host", "localhost"}, {"traceparent-like", traceparent}});
    CHECK((high_half(trace.trace_id) >> 32) == 1'763'800'000);
    CHECK(trace.span_id != 0);
    CHECK(trace.parent_id == 0);
    CHECK_FALSE(trace.priority);
}

TEST_CASE("a W3C header in any case of letters names trace and parent") {
    for (const auto* name : {"traceparent", "Traceparent", "TRACEPARENT"}) {
        const auto trace = traced({{name, traceparent}});
        CHECK(id(trace) == "4bf92f3577b34da6a3ce929d0e0e4736");
        CHECK(trace.parent_id == 0x00f067aa0ba902b7);
        CHECK(trace.priority == std::int8_t{1});
    }
}

TEST_CASE("two traceparent headers are as bad as none") {
    CHECK(traced({{"traceparent", traceparent}, {"traceparent", traceparent}}).parent_id == 0);
}

TEST_CASE("a tracestate in several headers is read as one") {
    const auto trace = traced({{"traceparent", traceparent}, {"tracestate", "a=1"}, {"tracestate", "dd=s:2"}});
    CHECK(trace.priority == std::int8_t{2});
}

TEST_CASE("Datadog's headers name trace, parent and priority") {
    const auto trace = traced({{"x-datadog-trace-id", "42"},
                               {"X-Datadog-Parent-Id", "43"},
                               {"x-datadog-sampling-priority", "-1"},
                               {"x-datadog-tags", "_dd.p.tid=640cfd8d00000000"}});
    CHECK(id(trace) == "640cfd8d00000000000000000000002a");
    CHECK(trace.parent_id == 43);
    CHECK(trace.priority == std::int8_t{-1});
}

TEST_CASE("where W3C headers give the parent, the last Datadog span is kept beside it") {
    const auto trace = traced({{"x-datadog-trace-id", "11803532876627986230"},
                               {"x-datadog-parent-id", "43"},
                               {"traceparent", traceparent},
                               {"tracestate", "dd=s:1;p:000000000000002c"}});
    CHECK(trace.parent_id == 0x00f067aa0ba902b7);
    CHECK(trace.last_datadog_span == 0x2cU);
}

TEST_CASE("what the caller said of the trace is told in tags: from Datadog's headers, else from the tracestate") {
    using Tags = std::vector<std::pair<std::string, std::string>>;
    const auto tags = [](const httplib::Headers& headers) {
        const auto trace = traced(headers);
        const CallerTags said{trace};
        Tags all;
        for (const Tag& tag : said.tags()) all.emplace_back(tag.key, tag.value);
        return all;
    };
    CHECK(tags({{"x-datadog-trace-id", "42"},
                {"x-datadog-parent-id", "43"},
                {"x-datadog-origin", "synthetics"},
                {"x-datadog-tags", "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4,other=1,_dd.p.usr=a=b"}}) ==
          Tags{{"_dd.origin", "synthetics"}, {"_dd.p.dm", "-4"}, {"_dd.p.usr", "a=b"}});
    CHECK(tags({{"traceparent", traceparent}, {"tracestate", "dd=s:2;o:rum;p:000000000000002c;t.dm:-4;t.usr:a~b"}}) ==
          Tags{{"_dd.parent_id", "000000000000002c"}, {"_dd.origin", "rum"}, {"_dd.p.dm", "-4"}, {"_dd.p.usr", "a=b"}});
    CHECK(tags({{"traceparent", traceparent}}) == Tags{{"_dd.parent_id", "0000000000000000"}});
    CHECK(tags({}).empty());
    std::string many = "_dd.p.a=1";
    for (int n = 0; n < 30; ++n) many += ",_dd.p." + std::to_string(n) + "=1";
    CHECK(tags({{"x-datadog-trace-id", "42"}, {"x-datadog-parent-id", "43"}, {"x-datadog-tags", many}}).size() == 16);
}

TEST_CASE("the client is told which trace it was, sampled unless it said otherwise itself") {
    RequestTrace trace = began_here();
    CHECK(text(to_traceparent(trace)) == "00-00000000000000010000000000000002-0000000000000003-01");
    trace.priority = std::int8_t{0};
    CHECK(text(to_traceparent(trace)) == "00-00000000000000010000000000000002-0000000000000003-00");
}

TEST_CASE("a call on behalf of a request carries its trace, as a child of its span") {
    httplib::Request served;
    served.headers = {{"X-Datadog-Trace-Id", "42"},
                      {"X-Datadog-Parent-Id", "43"},
                      {"X-Datadog-Sampling-Priority", "2"},
                      {"X-Datadog-Origin", "rum"},
                      {"X-Datadog-Tags", "_dd.p.dm=-4,_dd.p.tid=640cfd8d00000000"},
                      {"traceparent", "00-640cfd8d00000000000000000000002a-000000000000002b-01"},
                      {"tracestate", "dd=s:2;p:000000000000002b"},
                      {"tracestate", "other=1"}};
    IdSource source{7};
    auto trace = trace_of(served, source, 0);
    trace.span_id = 44;
    const httplib::Headers wanted = {{"traceparent", "00-640cfd8d00000000000000000000002a-000000000000002c-01"},
                                     {"tracestate", "dd=s:2;p:000000000000002c;o:rum;t.dm:-4,other=1"},
                                     {"x-datadog-trace-id", "42"},
                                     {"x-datadog-parent-id", "44"},
                                     {"x-datadog-sampling-priority", "2"},
                                     {"x-datadog-origin", "rum"},
                                     {"x-datadog-tags", "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4"}};
    CHECK(to_outgoing_headers(served, trace) == wanted);
}

TEST_CASE("a call on behalf of a request that began its trace says no priority") {
    const httplib::Headers headers = to_outgoing_headers({}, began_here());
    const httplib::Headers wanted = {{"traceparent", "00-00000000000000010000000000000002-0000000000000003-01"},
                                     {"tracestate", "dd=p:0000000000000003"},
                                     {"x-datadog-trace-id", "2"},
                                     {"x-datadog-parent-id", "3"},
                                     {"x-datadog-tags", "_dd.p.tid=0000000000000001"}};
    CHECK(headers == wanted);
}
