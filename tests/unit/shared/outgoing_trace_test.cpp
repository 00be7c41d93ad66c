#include "shared/outgoing_trace.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "shared/trace_ids.h"

using namespace outrigger;

namespace {

constexpr std::string_view traceparent = "00-640cfd8d00000000a3ce929d0e0e4736-00f067aa0ba902b7-01";
const TraceId trace_id = to_trace_id(0x640cfd8d00000000, 0xa3ce929d0e0e4736);
constexpr std::uint64_t span_id = 0x2a;

TraceHeaders from_datadog() {
    TraceHeaders headers;
    headers.traceparent_count = 0;
    headers.datadog_trace_id = "11803532876627986230";
    headers.datadog_parent_id = "43";
    headers.datadog_tags = "_dd.p.tid=640cfd8d00000000";
    return headers;
}

TraceHeaders from_w3c(std::string_view tracestate) {
    TraceHeaders headers;
    headers.traceparent = traceparent;
    headers.tracestate = tracestate;
    return headers;
}

OutgoingTrace continued(const TraceHeaders& headers) {
    const auto context = extract_trace_context(headers);
    REQUIRE(context);
    return to_outgoing(context->trace_id, span_id, context);
}

// What a service that is called so finds.
TraceContext found_by_next(const OutgoingTrace& trace) {
    TraceHeaders headers;
    headers.traceparent = trace.traceparent;
    headers.tracestate = trace.tracestate;
    headers.datadog_trace_id = trace.datadog_trace_id;
    headers.datadog_parent_id = trace.datadog_parent_id;
    headers.datadog_sampling_priority = trace.datadog_sampling_priority;
    headers.datadog_origin = trace.datadog_origin;
    headers.datadog_tags = trace.datadog_tags;
    const auto context = extract_trace_context(headers);
    REQUIRE(context);
    return *context;
}

std::size_t members_of(std::string_view tracestate) {
    return 1 + static_cast<std::size_t>(std::ranges::count(tracestate, ','));
}

}  // namespace

TEST_CASE("a trace that began here goes on with its ids, may be kept, and has no priority yet") {
    const auto trace = to_outgoing(trace_id, span_id, std::nullopt);
    CHECK(trace.traceparent == "00-640cfd8d00000000a3ce929d0e0e4736-000000000000002a-01");
    CHECK(trace.tracestate == "dd=p:000000000000002a");
    CHECK(trace.datadog_trace_id == "11803532876627986230");
    CHECK(trace.datadog_parent_id == "42");
    CHECK(trace.datadog_sampling_priority.empty());
    CHECK(trace.datadog_origin.empty());
    CHECK(trace.datadog_tags == "_dd.p.tid=640cfd8d00000000");
}

TEST_CASE("a 64-bit trace has no upper half to tell") {
    CHECK(to_outgoing(to_trace_id(0, 7), span_id, std::nullopt).datadog_tags.empty());
}

TEST_CASE("a priority that came with the request goes on in every form") {
    struct Row {
        std::string_view sent;
        std::string_view flags;
        std::string_view member;
    };
    constexpr Row table[] = {
        {"-1", "00", "dd=s:-1;p:000000000000002a"},
        {"0", "00", "dd=s:0;p:000000000000002a"},
        {"1", "01", "dd=s:1;p:000000000000002a"},
        {"2", "01", "dd=s:2;p:000000000000002a"},
    };
    for (const auto& row : table) {
        CAPTURE(row.sent);
        auto headers = from_datadog();
        headers.datadog_sampling_priority = row.sent;
        const auto trace = continued(headers);
        CHECK(trace.datadog_sampling_priority == row.sent);
        CHECK(trace.traceparent.ends_with(row.flags));
        CHECK(trace.tracestate == row.member);
    }
    CHECK(continued(from_w3c("")).datadog_sampling_priority == "1");
}

TEST_CASE("what is nearly the name of the upper half does not take its place") {
    for (const auto* const tracestate : {"dd=t.tid  :;t.usr:a", "dd= t.tid:0000000000000001;t.usr:a", "dd=t.tid :8"}) {
        CAPTURE(tracestate);
        const auto trace = continued(from_w3c(tracestate));
        CHECK(trace.datadog_tags.find("_dd.p.tid") == trace.datadog_tags.rfind("_dd.p.tid"));
        TraceHeaders headers;
        headers.traceparent_count = 0;
        headers.datadog_trace_id = trace.datadog_trace_id;
        headers.datadog_parent_id = trace.datadog_parent_id;
        headers.datadog_tags = trace.datadog_tags;
        const auto next = extract_trace_context(headers);
        REQUIRE(next);
        CHECK(next->trace_id == trace_id);
    }
}

TEST_CASE("Datadog's headers without a priority leave it to the next service") {
    const auto trace = continued(from_datadog());
    CHECK(trace.datadog_sampling_priority.empty());
    CHECK(trace.traceparent.ends_with("-01"));
    CHECK(trace.tracestate == "dd=p:000000000000002a");
}

TEST_CASE("other members of tracestate go on behind ours, and ours keeps what it does not know") {
    const auto trace = continued(from_w3c("a=1, dd=s:2;p:00000000000000ff;o:rum;t.dm:-4;t.usr:a~b;x:y ,,b=2"));
    CHECK(trace.tracestate == "dd=s:2;p:000000000000002a;o:rum;t.dm:-4;t.usr:a~b;x:y,a=1,b=2");
    CHECK(trace.datadog_sampling_priority == "2");
    CHECK(trace.datadog_origin == "rum");
    CHECK(trace.datadog_tags == "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-4,_dd.p.usr=a=b");
}

TEST_CASE("what Datadog's headers say of origin and decision goes on in both forms") {
    auto headers = from_datadog();
    headers.datadog_sampling_priority = "1";
    headers.datadog_origin = "synthetics;1";
    headers.datadog_tags = "_dd.p.dm=-3,_dd.p.tid=640cfd8d00000000,other=1,_dd.p.usr=a=b";
    const auto trace = continued(headers);
    CHECK(trace.datadog_origin == "synthetics;1");
    CHECK(trace.datadog_tags == "_dd.p.tid=640cfd8d00000000,_dd.p.dm=-3,_dd.p.usr=a=b");
    CHECK(trace.tracestate == "dd=s:1;p:000000000000002a;o:synthetics_1;t.dm:-3;t.usr:a~b");

    headers.traceparent = traceparent;
    headers.traceparent_count = 1;
    headers.tracestate = "dd=s:1;p:000000000000002b;o:rum;x:y";
    CHECK(continued(headers).datadog_origin == "synthetics;1");
    CHECK(continued(headers).tracestate == "dd=s:1;p:000000000000002a;o:rum;x:y");
}

TEST_CASE("the next service finds the same trace, and us as its parent, by either kind of header") {
    auto both = from_datadog();
    both.datadog_sampling_priority = "2";
    both.traceparent = traceparent;
    both.traceparent_count = 1;
    both.tracestate = "dd=s:2;p:000000000000002b,other=1";
    for (const auto& headers : {from_datadog(), from_w3c("other=1"), both}) {
        const auto context = extract_trace_context(headers);
        auto trace = continued(headers);
        const auto next = found_by_next(trace);
        CHECK(next.trace_id == trace_id);
        CHECK(next.parent_id == span_id);
        CHECK(next.priority == context->priority);
        CHECK_FALSE(next.last_datadog_span);
        trace.datadog_trace_id.clear();
        const auto by_w3c_alone = found_by_next(trace);
        CHECK(by_w3c_alone.trace_id == trace_id);
        CHECK(by_w3c_alone.parent_id == span_id);
        CHECK(by_w3c_alone.last_datadog_span == span_id);
        CHECK(by_w3c_alone.priority.value_or(0) == context->priority.value_or(1));
    }
}

TEST_CASE("what is sent stays within the limits of what is read") {
    std::string many = "dd=s:1";
    for (int i = 0; i < 40; ++i) many += ";t.tag" + std::to_string(i) + ":value";
    for (int i = 0; i < 31; ++i) many += ",k" + std::to_string(i) + "=1";
    const auto trace = continued(from_w3c(many));
    CHECK(members_of(trace.tracestate) == max_tracestate_members);
    CHECK(trace.tracestate.find(',') <= 3 + max_tracestate_value_bytes);
    CHECK(trace.tracestate.find(',') > 240);
    CHECK(trace.datadog_tags.size() <= max_datadog_tags_bytes);

    many.clear();
    for (int i = 0; i < 32; ++i) many += ",k" + std::to_string(i) + "=1";
    CHECK(members_of(continued(from_w3c(many)).tracestate) == max_tracestate_members);
}
