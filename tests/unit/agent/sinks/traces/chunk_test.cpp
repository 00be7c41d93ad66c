#include "agent/sinks/traces/chunk.h"

#include <doctest/doctest.h>

#include <map>
#include <msgpack.hpp>
#include <set>
#include <string>

#include "agent/sinks/traces/span_ids.h"
#include "shared/trace_ids.h"
#include "tests/unit/shared/encoded.h"
#include "tests/unit/shared/random_event.h"

namespace outrigger::traces {
namespace {

constexpr std::int64_t at_us = 1'763'800'000'123'456;

// A span as Datadog's agent decodes it: strict about the types that it is strict about.
struct Span {
    std::map<std::string, std::string> texts;  // service, name, resource, type
    std::map<std::string, std::uint64_t> ids;
    std::int64_t start = -1, duration = -1, error = -1;
    std::map<std::string, std::string> meta;
    std::map<std::string, double> metrics;
};

Span to_span(const msgpack::object& object) {
    Span span;
    REQUIRE(object.type == msgpack::type::MAP);
    CHECK(object.via.map.size == 12);
    for (const auto& [key, value] : std::span(object.via.map.ptr, object.via.map.size)) {
        const auto name = key.as<std::string>();
        if (name == "meta") {
            CHECK(value.via.map.size == value.as<std::map<std::string, std::string>>().size());  // no key twice
            span.meta = value.as<std::map<std::string, std::string>>();
        } else if (name == "metrics") {
            for (const auto& [tag, number] : std::span(value.via.map.ptr, value.via.map.size)) {
                CHECK(number.type == msgpack::type::FLOAT64);
                span.metrics[tag.as<std::string>()] = number.as<double>();
            }
        } else if (name == "start" || name == "duration" || name == "error") {
            (name == "start" ? span.start : name == "duration" ? span.duration : span.error) = value.as<std::int64_t>();
        } else if (value.type == msgpack::type::STR) {
            span.texts[name] = value.as<std::string>();
        } else {
            span.ids[name] = value.as<std::uint64_t>();
        }
    }
    CHECK(span.texts.size() == 4);
    CHECK(span.ids.size() == 3);
    return span;
}

std::vector<Span> to_spans(const std::vector<char>& bytes) {
    std::size_t used = 0;
    const auto handle = msgpack::unpack(bytes.data(), bytes.size(), used);
    CHECK(used == bytes.size());
    REQUIRE(handle->type == msgpack::type::ARRAY);
    std::vector<Span> spans;
    for (const auto& one : std::span(handle->via.array.ptr, handle->via.array.size)) spans.push_back(to_span(one));
    return spans;
}

journal::Envelope arrived() {
    journal::Envelope envelope;
    envelope.arrival_us = at_us;
    return envelope;
}

struct Around {
    journal::Envelope envelope = arrived();
    const Identity* identity = nullptr;
    std::uint64_t position = 42;
    ChunkContext context = {7, "own", "test", "0.1"};
};

std::vector<Span> chunk(const RequestEvent& event, const Around& around = {}) {
    const auto record = test::encoded(event);
    std::vector<char> out;
    REQUIRE(append_chunk(out, {around.position, around.envelope, record, around.identity}, around.context));
    return to_spans(out);
}

RequestEvent typical() {
    RequestEvent event;
    event.method = "GET";
    event.route = "/users/:id";
    event.path = "/users/7?x=1";
    event.status = 200;
    event.duration_us = 1'234;
    event.start_us = at_us - 5'000;
    event.client = "192.0.2.7";
    event.trace_id = to_trace_id(0xABCD, 0x1234);
    event.span_id = 99;
    event.parent_id = 55;
    event.request_bytes = 3;
    return event;
}

std::vector<outrigger::Span> one_child(std::string_view name) {
    std::vector<outrigger::Span> children(1);
    children[0].name = name;
    return children;
}

Identity shop() {
    Identity identity;
    identity.emitter = {0x9f, 0x0c, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    identity.pid = 321;
    identity.service = "shop";
    identity.env = "prod";
    identity.version = "1.0.3";
    identity.language = "cpp";
    return identity;
}

TEST_CASE("a request is a root span with all that Datadog knows of a web request") {
    const Identity who = shop();
    const auto spans = chunk(typical(), {.identity = &who});
    REQUIRE(spans.size() == 1);
    const Span& root = spans[0];
    CHECK(root.texts ==
          std::map<std::string, std::string>{
              {"service", "shop"}, {"name", "http.request"}, {"resource", "GET /users/:id"}, {"type", "web"}});
    CHECK(root.ids == std::map<std::string, std::uint64_t>{{"trace_id", 0x1234}, {"span_id", 99}, {"parent_id", 55}});
    CHECK(root.start == (at_us - 5'000) * 1000);
    CHECK(root.duration == 1'234'000);
    CHECK(root.error == 0);
    CHECK(root.meta == std::map<std::string, std::string>{{"_dd.p.tid", "000000000000abcd"},
                                                          {"_dd.p.dm", "-0"},
                                                          {"env", "prod"},
                                                          {"version", "1.0.3"},
                                                          {"language", "cpp"},
                                                          {"runtime-id", "9f0c0000-0102-0304-0506-0708090a0b0c"},
                                                          {"span.kind", "server"},
                                                          {"http.method", "GET"},
                                                          {"http.url", "/users/7?x=1"},
                                                          {"http.route", "/users/:id"},
                                                          {"http.status_code", "200"},
                                                          {"http.client_ip", "192.0.2.7"}});
    CHECK(root.metrics ==
          std::map<std::string, double>{
              {"_sampling_priority_v1", 1}, {"_dd.top_level", 1}, {"process_id", 321}, {"http.request.body.size", 3}});
}

TEST_CASE("who says neither service nor environment nor version has the agent's, and a service there always is") {
    CHECK(chunk(typical())[0].texts.at("service") == "own");
    CHECK(chunk(typical())[0].meta.at("env") == "test");
    CHECK(chunk(typical())[0].meta.at("version") == "0.1");
    CHECK(chunk(typical(), {.context = {}})[0].texts.at("service") == "unnamed-service");
    CHECK_FALSE(chunk(typical(), {.context = {}})[0].meta.contains("env"));
}

TEST_CASE("5xx is an error also without one said; what was said has type, message and stack") {
    RequestEvent event = typical();
    event.status = 499;
    CHECK(chunk(event)[0].error == 0);
    event.status = 500;
    CHECK(chunk(event)[0].error == 1);
    event.status = 200;
    event.error = {"ZeroDivisionError", "division by zero", "at f"};
    const Span root = chunk(event)[0];
    CHECK(root.error == 1);
    CHECK(root.meta.at("error.type") == "ZeroDivisionError");
    CHECK(root.meta.at("error.message") == "division by zero");
    CHECK(root.meta.at("error.stack") == "at f");
}

TEST_CASE("priority and decision maker follow from the envelope alone") {
    struct Row {
        std::int8_t priority, mechanism;
        std::string maker;  // empty: none
    };
    for (const Row& row : {Row{1, 0, "-0"}, Row{1, 1, "-1"}, Row{0, 1, ""}, Row{2, 4, "-4"}, Row{2, -1, ""},
                           Row{-1, -1, ""}, Row{0, -1, ""}}) {
        CAPTURE(int{row.priority});
        CAPTURE(int{row.mechanism});
        Around around;
        around.envelope.priority = row.priority;
        around.envelope.mechanism = row.mechanism;
        const Span root = chunk(typical(), around)[0];
        CHECK(root.metrics.at("_sampling_priority_v1") == row.priority);
        CHECK(root.meta.contains("_dd.p.dm") == !row.maker.empty());
        if (!row.maker.empty()) CHECK(root.meta.at("_dd.p.dm") == row.maker);
    }
}

TEST_CASE("tags go along, but for what is ours to say; a caller's decision maker may stand among them") {
    const std::vector<Tag> tags = {{"plan", "pro"},       {"plan", "twice"},  {"http.method", "no"},
                                   {"_dd.p.tid", "f00"},  {"_dd.p.dm", "-3"}, {"_dd.parent_id", "00000000000000ff"},
                                   {"_dd.origin", "rum"}, {"", "no key"}};
    RequestEvent event = typical();
    event.tags = tags;
    event.trace_id = to_trace_id(0, 5);
    const auto children = one_child("db");
    event.spans = children;
    Around around;
    auto spans = chunk(event, around);
    CHECK(spans[0].meta.at("plan") == "pro");
    CHECK(spans[0].meta.at("http.method") == "GET");
    CHECK(spans[0].meta.at("_dd.p.dm") == "-0");
    CHECK(spans[0].meta.at("_dd.parent_id") == "00000000000000ff");
    CHECK_FALSE(spans[0].meta.contains("_dd.p.tid"));
    CHECK(spans[1].meta.at("_dd.origin") == "rum");
    around.envelope.mechanism = -1;
    CHECK(chunk(event, around)[0].meta.at("_dd.p.dm") == "-3");
    around.envelope.priority = 0;
    CHECK_FALSE(chunk(event, around)[0].meta.contains("_dd.p.dm"));
    around.envelope.mechanism = 1;
    CHECK_FALSE(chunk(event, around)[0].meta.contains("_dd.p.dm"));
}

TEST_CASE("child spans are in the same chunk, under the root") {
    const std::vector<Tag> tags = {{"db.system", "postgres"}};
    std::vector<outrigger::Span> children(2);
    children[0].name = "db.query";
    children[0].resource = "SELECT 1";
    children[0].kind = "client";
    children[0].start_us = at_us;
    children[0].duration_us = 7;
    children[0].error = {"Timeout", "too late", ""};
    children[0].tags = tags;
    children[1].name = "cache.get";
    children[1].service = "cache";
    children[1].start_us = at_us + 7;
    children[1].duration_us = 8;
    RequestEvent event = typical();
    event.spans = children;
    const Identity who = shop();
    const auto spans = chunk(event, {.identity = &who});
    REQUIRE(spans.size() == 3);
    for (const std::size_t child : {1U, 2U}) {
        CHECK(spans[child].ids.at("trace_id") == 0x1234);
        CHECK(spans[child].ids.at("parent_id") == 99);
        CHECK(spans[child].meta.at("runtime-id") == spans[0].meta.at("runtime-id"));
        CHECK(spans[child].metrics.at("process_id") == 321);
        CHECK_FALSE(spans[child].metrics.contains("_sampling_priority_v1"));
    }
    CHECK(spans[1].texts.at("service") == "shop");
    CHECK(spans[1].texts.at("resource") == "SELECT 1");
    CHECK(spans[1].meta.at("span.kind") == "client");
    CHECK(spans[1].meta.at("db.system") == "postgres");
    CHECK(spans[1].meta.at("version") == "1.0.3");
    CHECK(spans[1].meta.at("error.type") == "Timeout");
    CHECK(spans[1].error == 1);
    CHECK(spans[1].start == at_us * 1000);
    CHECK(spans[1].duration == 7'000);
    CHECK_FALSE(spans[1].metrics.contains("_dd.top_level"));
    // Another service: a top level of its own, whose version nobody told us.
    CHECK(spans[2].texts.at("service") == "cache");
    CHECK(spans[2].texts.at("resource") == "cache.get");
    CHECK(spans[2].meta.at("span.kind") == "internal");
    CHECK(spans[2].meta.at("_dd.base_service") == "shop");
    CHECK_FALSE(spans[2].meta.contains("version"));
    CHECK(spans[2].metrics.at("_dd.top_level") == 1);
    CHECK(spans[1].ids.at("span_id") != spans[2].ids.at("span_id"));
}

TEST_CASE("a child span that says no start began with its root") {
    RequestEvent event = typical();
    const auto children = one_child("db");
    event.spans = children;
    CHECK(chunk(event)[1].start == event.start_us.value() * 1000);
}

TEST_CASE("ids that nobody gave follow from the journal and the position: the same at each attempt") {
    RequestEvent event = typical();
    event.trace_id = {};
    event.span_id = 0;
    event.parent_id = 55;  // of no trace
    const auto children = one_child("db");
    event.spans = children;
    const auto first = chunk(event);
    const auto again = chunk(event);
    CHECK(first[0].ids == again[0].ids);
    CHECK(first[1].ids == again[1].ids);
    CHECK(first[0].ids.at("parent_id") == 0);
    CHECK(first[0].meta.at("_dd.p.tid") == "692173c000000000");  // when it started
    const auto other_position = chunk(event, {.position = 43});
    const auto other_journal = chunk(event, {.context = {8, "own", "test", "0.1"}});
    for (const auto& other : {other_position, other_journal}) {
        CHECK(other[0].ids.at("trace_id") != first[0].ids.at("trace_id"));
        CHECK(other[0].ids.at("span_id") != first[0].ids.at("span_id"));
    }
}

TEST_CASE("a trace whose lower half is zero gets another, for Datadog's agent would reject it") {
    RequestEvent event = typical();
    event.trace_id = to_trace_id(0xABCD, 0);
    CHECK(chunk(event)[0].ids.at("trace_id") != 0);
    CHECK(chunk(event)[0].meta.at("_dd.p.tid") == "000000000000abcd");
}

TEST_CASE("a record that cannot be read is no chunk") {
    std::vector<char> out;
    const std::vector<std::byte> record(40, std::byte{7});
    CHECK_FALSE(append_chunk(out, {1, {}, record, nullptr}, {}));
    CHECK(out.empty());
}

TEST_CASE("any bytes in any field give a chunk that decodes, of one trace, with legal times and ids") {
    test::RandomEvents random(20261125);
    for (int i = 0; i < 3'000; ++i) {
        const RequestEvent event = random.request();
        if (!measure(event)) continue;
        Identity who = shop();
        who.service = random.below(3) == 0 ? "" : std::string(random.below(257), 'x');
        Around around;
        around.identity = random.below(4) == 0 ? nullptr : &who;
        around.envelope.start = static_cast<journal::Start>(random.below(3));
        around.envelope.priority = static_cast<std::int8_t>(static_cast<int>(random.below(4)) - 1);
        const auto record = test::encoded(event);
        std::vector<char> out;
        REQUIRE(append_chunk(out, {1, around.envelope, record, around.identity}, around.context));
        CHECK(out.size() < 256 * 1024);
        const auto spans = to_spans(out);
        REQUIRE_FALSE(spans.empty());
        std::set<std::uint64_t> ids;
        for (const Span& span : spans) {
            CHECK(span.ids.at("trace_id") == spans[0].ids.at("trace_id"));
            CHECK(span.ids.at("trace_id") != 0);
            CHECK(span.ids.at("span_id") != 0);
            CHECK_FALSE(span.texts.at("service").empty());
            CHECK_FALSE(span.texts.at("name").empty());
            CHECK_FALSE(span.texts.at("resource").empty());
            CHECK(span.start >= 0);
            CHECK(span.duration >= 0);
            CHECK(span.duration <= std::numeric_limits<std::int64_t>::max() - span.start);
            ids.insert(span.ids.at("span_id"));
        }
        CHECK(ids.size() == spans.size());
        CHECK(spans.size() == 1 + RequestView::parse(record)->spans.size());
    }
}

}  // namespace
}  // namespace outrigger::traces
