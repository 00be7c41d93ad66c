#include "shared/trace_context.h"

#include <doctest/doctest.h>

#include <string>

#include "shared/trace_ids.h"

using namespace outrigger;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c";
const std::string span = "b7ad6b7169203331";
const std::string parent = "00-" + trace + "-" + span + "-01";
constexpr std::uint64_t span_number = 0xb7ad6b7169203331;
const TraceId trace_bytes = to_trace_id(0x0af7651916cd43dd, 0x8448eb211c80319c);
const std::string trace_low = std::to_string(0x8448eb211c80319c);
const TraceId only_low = to_trace_id(0, 0x8448eb211c80319c);

TraceHeaders w3c(std::string_view traceparent, std::string_view tracestate = {}) {
    TraceHeaders headers;
    headers.traceparent = traceparent;
    headers.tracestate = tracestate;
    return headers;
}

TraceHeaders datadog(std::string_view trace_id, std::string_view parent_id) {
    TraceHeaders headers;
    headers.datadog_trace_id = trace_id;
    headers.datadog_parent_id = parent_id;
    return headers;
}

std::optional<TraceContext> from_w3c(std::string_view traceparent, std::string_view tracestate = {}) {
    return extract_trace_context(w3c(traceparent, tracestate));
}

}  // namespace

TEST_CASE("no header, no trace") { CHECK_FALSE(extract_trace_context({})); }

TEST_CASE("a traceparent is read strictly") {
    struct Row {
        std::string text;
        bool accepted;
    };
    const std::string ids = trace + "-" + span;
    const Row rows[] = {
        {parent, true},
        {" \t" + parent + " ", true},
        {"00-" + ids + "-00", true},
        {"00-" + ids + "-ff", true},
        {"01-" + ids + "-01", true},
        {"fe-" + ids + "-01", true},
        {"cc-" + ids + "-01-what-comes-later", true},
        {"cc-" + ids + "-01-", true},
        {"cc-" + ids + "-01.later", false},
        {"cc-" + ids + "-011", false},
        {"ff-" + ids + "-01", false},
        {"00-" + ids + "-01-", false},
        {"00-" + ids + "-01-later", false},
        {"00-" + ids + "-1", false},
        {"00-" + ids + "-", false},
        {"00-" + ids, false},
        {"0-" + ids + "-01", false},
        {"000-" + ids + "-01", false},
        {"0g-" + ids + "-01", false},
        {"0A-" + ids + "-01", false},
        {"00-" + ids + "-0A", false},
        {"00-" + ids + "-0g", false},
        {"00_" + ids + "-01", false},
        {"00-" + trace + "_" + span + "-01", false},
        {"00-" + ids + "_01", false},
        {"00-0AF7651916CD43DD8448EB211C80319C-" + span + "-01", false},
        {"00-" + trace + "-B7AD6B7169203331-01", false},
        {"00-00000000000000000000000000000000-" + span + "-01", false},
        {"00-" + trace + "-0000000000000000-01", false},
        {"00-0af7651916cd43dd8448eb211c80319g-" + span + "-01", false},
        {"00-" + trace + "-b7ad6b716920333.-01", false},
        {"-", false},
        {std::string(55, '-'), false},
        {std::string(55, '0'), false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto context = from_w3c(row.text, "other=1");
        REQUIRE(context.has_value() == row.accepted);
        if (!context) continue;
        CHECK(context->trace_id == trace_bytes);
        CHECK(context->parent_id == span_number);
        CHECK(context->tracestate == "other=1");
    }
}

TEST_CASE("several traceparent headers are as bad as none") {
    TraceHeaders headers = w3c(parent);
    headers.traceparent_count = 2;
    CHECK_FALSE(extract_trace_context(headers));
}

TEST_CASE("a damaged tracestate is dropped and the traceparent kept") {
    const std::string key256(256, 'k');
    const std::string value256(256, 'v');
    std::string members32 = "m=1";
    for (int i = 1; i < 32; ++i) members32.append(",m").append(std::to_string(i)).append("=1");
    std::string eight_kib;
    for (int i = 0; i < 17; ++i) eight_kib.append(key256).append("=").append(value256).append(",");
    struct Row {
        std::string text;
        bool accepted;
    };
    const Row rows[] = {
        {"a=1", true},
        {"a=1,b=2", true},
        {"a=1 \t, \tb=2", true},
        {"a=1,,b=2,", true},
        {"0a_-*/@z=!~ x", true},
        {"tenant@system=1", true},
        {key256 + "=" + value256, true},
        {members32, true},
        {members32 + ",", true},
        {"dd=s:1;o:" + value256, true},
        {members32 + ",n=1", false},
        {key256 + "k=1", false},
        {"a=" + value256 + "v", false},
        {eight_kib, false},
        {"a", false},
        {"a=", false},
        {"=1", false},
        {"a =1", false},
        {"A=1", false},
        {"_a=1", false},
        {"@a=1", false},
        {"a.b=1", false},
        {"a=1=2", false},
        {"a=1,b", false},
        {"a=\x01", false},
        {"a=\x7f", false},
        {"a=\xc3\xa4", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.text);
        const auto context = from_w3c(parent, row.text);
        REQUIRE(context);
        CHECK(context->trace_id == trace_bytes);
        CHECK(context->priority == 1);
        CHECK(context->tracestate == (row.accepted ? row.text : ""));
    }
}

TEST_CASE("the priority is Datadog's in tracestate when it agrees with the sampled flag, else the flag") {
    struct Row {
        const char* flags;
        std::string tracestate;
        int priority;
        std::uint64_t last_datadog_span;
    };
    const Row rows[] = {
        {"01", "", 1, 0},
        {"00", "", 0, 0},
        {"02", "", 0, 0},
        {"03", "", 1, 0},
        {"01", "other=s:2", 1, 0},
        {"01", "dd=s:2", 2, 0},
        {"01", "dd=s:1", 1, 0},
        {"01", "dd=s:0", 1, 0},
        {"01", "dd=s:-1", 1, 0},
        {"00", "dd=s:-1", -1, 0},
        {"00", "dd=s:0", 0, 0},
        {"00", "dd=s:2", 0, 0},
        {"01", "dd=s:99", 2, 0},
        {"00", "dd=s:-99", -1, 0},
        {"01", "dd=s:", 1, 0},
        {"01", "dd=s:two", 1, 0},
        {"01", "dd=s:2x", 1, 0},
        {"01", "dd=s:99999999999", 1, 0},
        {"01", "dd=s", 1, 0},
        {"01", "a=1,dd=o:rum;s:2;p:00f067aa0ba902b7;t.dm:-4,b=2", 2, 0x00f067aa0ba902b7},
        {"01", "dd=p:00f067aa0ba902b7", 1, 0x00f067aa0ba902b7},
        {"01", "dd=p:00f067aa0ba902b", 1, 0},
        {"01", "dd=p:00F067AA0BA902B7", 1, 0},
        {"01", "dd=;;s:2;", 2, 0},
        {"01", "dd=s:2;o:" + std::string(503, 'o'), 2, 0},
        {"01", "dd=s:2;o:" + std::string(508, 'o'), 1, 0},
    };
    for (const Row& row : rows) {
        CAPTURE(row.flags);
        CAPTURE(row.tracestate);
        const auto context = from_w3c(parent.substr(0, 53) + row.flags, row.tracestate);
        REQUIRE(context);
        CHECK(context->priority == static_cast<std::int8_t>(row.priority));
        CHECK(context->last_datadog_span == row.last_datadog_span);
        CHECK(context->tracestate == row.tracestate);
    }
}

TEST_CASE("Datadog's headers: decimal ids, a signed priority, the upper half in a tag") {
    struct Row {
        std::string trace_id;
        std::string parent_id;
        std::string origin;
        bool accepted;
    };
    const Row rows[] = {
        {"1", "2", "", true},
        {" 1\t", " 2 ", "", true},
        {"18446744073709551615", "18446744073709551615", "", true},
        {"1", "0", "", true},
        {"1", "", "rum", true},
        {"1", "0", "synthetics", true},
        {"1", "", "", false},
        {"0", "2", "", false},
        {"0", "", "rum", false},
        {"", "2", "", false},
        {"18446744073709551616", "2", "", false},
        {"1", "18446744073709551616", "", false},
        {"-1", "2", "", false},
        {"+1", "2", "", false},
        {"1f", "2", "", false},
        {"0x1", "2", "", false},
        {"1 2", "2", "", false},
        {"1", "b", "", false},
        {"1", "b", "rum", false},
        {"1", " ", "", false},
    };
    for (const Row& row : rows) {
        CAPTURE(row.trace_id);
        CAPTURE(row.parent_id);
        CAPTURE(row.origin);
        TraceHeaders headers = datadog(row.trace_id, row.parent_id);
        headers.datadog_origin = row.origin;
        const auto context = extract_trace_context(headers);
        REQUIRE(context.has_value() == row.accepted);
        if (!context) continue;
        CHECK(low_half(context->trace_id) == std::stoull(row.trace_id));
        CHECK(context->parent_id == (row.parent_id.empty() ? 0 : std::stoull(row.parent_id)));
        CHECK(context->priority == std::nullopt);
        CHECK(context->last_datadog_span == std::nullopt);
    }
}

TEST_CASE("Datadog's priority is a number, brought within -1..2; anything else is none, and the ids stay") {
    struct Row {
        const char* text;
        std::optional<std::int8_t> priority;
    };
    const Row rows[] = {{"-1", -1},
                        {"0", 0},
                        {"1", 1},
                        {" 2 ", 2},
                        {"3", 2},
                        {"-5", -1},
                        {"", std::nullopt},
                        {"two", std::nullopt},
                        {"1.0", std::nullopt},
                        {"--1", std::nullopt},
                        {"99999999999", std::nullopt}};
    for (const Row& row : rows) {
        CAPTURE(row.text);
        TraceHeaders headers = datadog("1", "2");
        headers.datadog_sampling_priority = row.text;
        const auto context = extract_trace_context(headers);
        REQUIRE(context);
        CHECK(context->priority == row.priority);
    }
}

TEST_CASE("the upper half of a Datadog trace id is 16 digits of a well-formed tag list") {
    struct Row {
        std::string tags;
        std::uint64_t high;
    };
    const Row rows[] = {
        {"_dd.p.tid=0af7651916cd43dd", 0x0af7651916cd43dd},
        {"_dd.p.dm=-4,_dd.p.tid=0af7651916cd43dd,other=x=y", 0x0af7651916cd43dd},
        {" _dd.p.tid = 0af7651916cd43dd ", 0x0af7651916cd43dd},
        {"", 0},
        {"_dd.p.dm=-4", 0},
        {"tid=0af7651916cd43dd", 0},
        {"_dd.p.tid=0af7651916cd43d", 0},
        {"_dd.p.tid=0af7651916cd43dd0", 0},
        {"_dd.p.tid=0AF7651916CD43DD", 0},
        {"_dd.p.tid=0af7651916cd43dx", 0},
        {"_dd.p.tid=0af7651916cd43dd,broken", 0},
        {"_dd.p.tid=0af7651916cd43dd,", 0x0af7651916cd43dd},
        {"_dd.p.tid=0af7651916cd43dd,a=" + std::string(483, 'f'), 0x0af7651916cd43dd},  // 512 bytes
        {"_dd.p.tid=0af7651916cd43dd,a=" + std::string(484, 'f'), 0},
    };
    for (const Row& row : rows) {
        CAPTURE(row.tags);
        TraceHeaders headers = datadog("7", "2");
        headers.datadog_tags = row.tags;
        const auto context = extract_trace_context(headers);
        REQUIRE(context);
        CHECK(context->trace_id == to_trace_id(row.high, 7));
    }
}

TEST_CASE("Datadog's headers come before W3C's, which complete them when they speak of the same trace") {
    TraceHeaders headers = datadog(trace_low, "55");
    headers.traceparent = parent;
    headers.tracestate = "dd=s:2;p:00f067aa0ba902b7,a=1";
    headers.datadog_sampling_priority = "-1";
    headers.datadog_tags = "_dd.p.tid=0af7651916cd43dd";
    SUBCASE("the same trace: W3C gives parent and tracestate, Datadog the priority") {
        const auto context = extract_trace_context(headers);
        REQUIRE(context);
        CHECK(context->trace_id == trace_bytes);
        CHECK(context->parent_id == span_number);
        CHECK(context->priority == -1);
        CHECK(context->tracestate == headers.tracestate);
        CHECK(context->last_datadog_span == 0x00f067aa0ba902b7);
    }
    SUBCASE("tracestate names no Datadog span: it is the one of Datadog's own header") {
        headers.tracestate = "a=1";
        CHECK(extract_trace_context(headers)->last_datadog_span == 55);
        headers.tracestate = "dd=p:0000000000000000";
        CHECK(extract_trace_context(headers)->last_datadog_span == 55);
    }
    SUBCASE("the same parent: nothing lies between") {
        const std::string same = std::to_string(span_number);
        headers.datadog_parent_id = same;
        const auto context = extract_trace_context(headers);
        CHECK(context->parent_id == span_number);
        CHECK(context->last_datadog_span == std::nullopt);
        CHECK(context->tracestate == headers.tracestate);
    }
    SUBCASE("an upper half that Datadog does not tell is taken from W3C") {
        headers.datadog_tags = "";
        CHECK(extract_trace_context(headers)->trace_id == trace_bytes);
        headers.datadog_tags = "_dd.p.tid=garbage";
        CHECK(extract_trace_context(headers)->trace_id == trace_bytes);
    }
    SUBCASE("another upper half is another trace") {
        headers.datadog_tags = "_dd.p.tid=1111111111111111";
        const auto context = extract_trace_context(headers);
        CHECK(context->trace_id == to_trace_id(0x1111111111111111, low_half(trace_bytes)));
        CHECK(context->parent_id == 55);
        CHECK(context->tracestate.empty());
    }
    SUBCASE("another lower half is another trace") {
        headers.datadog_trace_id = "9";
        const auto context = extract_trace_context(headers);
        CHECK(low_half(context->trace_id) == 9);
        CHECK(context->parent_id == 55);
        CHECK(context->priority == -1);
        CHECK(context->tracestate.empty());
        CHECK(context->last_datadog_span == std::nullopt);
    }
    SUBCASE("no priority in Datadog's headers stays none") {
        headers.datadog_sampling_priority = "";
        CHECK(extract_trace_context(headers)->priority == std::nullopt);
    }
    SUBCASE("Datadog's are broken: W3C's alone") {
        headers.datadog_trace_id = "0";
        const auto context = extract_trace_context(headers);
        CHECK(context->trace_id == trace_bytes);
        CHECK(context->priority == 2);
    }
    SUBCASE("W3C's are broken: Datadog's alone") {
        headers.traceparent = "00-x";
        const auto context = extract_trace_context(headers);
        CHECK(context->trace_id == trace_bytes);
        CHECK(context->parent_id == 55);
        CHECK(context->tracestate.empty());
    }
}

TEST_CASE("a traceparent goes out as it would be read") {
    const auto text = to_traceparent(trace_bytes, span_number, true);
    CHECK(std::string_view(text.data(), text.size()) == parent);
    const auto unsampled = to_traceparent(only_low, 1, false);
    CHECK(std::string_view(unsampled.data(), unsampled.size()) ==
          "00-00000000000000008448eb211c80319c-0000000000000001-00");
}

TEST_CASE("an origin or tags that would break the next service's headers tell nothing") {
    auto headers = datadog("7", "8");
    const std::string long_origin(max_datadog_origin_bytes + 1, 'o');
    for (const std::string_view bad : {std::string_view("rum\r\nCookie: a=b"), std::string_view("r\xffm"),
                                       std::string_view("r\0m", 3), std::string_view(long_origin)}) {
        CAPTURE(bad);
        headers.datadog_origin = bad;
        const auto context = extract_trace_context(headers);
        REQUIRE(context);
        CHECK(context->datadog_origin.empty());
    }
    headers.datadog_origin = "rum";
    headers.datadog_tags = "_dd.p.a=b\r\nCookie: a=b";
    CHECK(extract_trace_context(headers)->datadog_tags.empty());
    CHECK(extract_trace_context(headers)->datadog_origin == "rum");
}
