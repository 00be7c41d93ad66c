#include "agent/intake/json_line.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

namespace outrigger::intake {

namespace {

using What = JsonLine::What;

TEST_CASE("a request line says what its fields say") {
    JsonLineParser parser;
    const auto& line = parser.parse(
        R"({"method":"GET","route":"/users/:id","path":"/users/7?x=1","status":200,"start_us":1763800000123456,)"
        R"("duration_us":1234,"request_bytes":0,"response_bytes":12,"client":"10.0.0.7","message":"ok",)"
        R"("trace_id":"0123456789ABCDEF0123456789abcdef","span_id":"00000000000000ff","parent_id":null,"priority":-1,)"
        R"("error":{"type":"Oops","message":"m","stack":"s"},"tags":{"plan":"pro","empty":""},"later":[1,{"x":2}],)"
        R"("spans":[{"name":"db.query","start_us":5,"duration_us":6,"tags":{"k":"v"}}]})");
    REQUIRE(line.what == What::request);
    const RequestEvent& event = line.request;
    CHECK(event.method == "GET");
    CHECK(event.route == "/users/:id");
    CHECK(event.path == "/users/7?x=1");
    CHECK(event.status == 200);
    CHECK(event.start_us == 1763800000123456);
    CHECK(event.duration_us == 1234);
    CHECK(event.request_bytes == 0);
    CHECK(event.response_bytes == 12);
    CHECK(event.client == "10.0.0.7");
    CHECK(event.message == "ok");
    CHECK(event.trace_id[0] == 0x01);
    CHECK(event.trace_id[7] == 0xef);
    CHECK(event.span_id == 255);
    CHECK(event.parent_id == 0);
    CHECK(event.priority == -1);
    CHECK(event.error.type == "Oops");
    REQUIRE(event.tags.size() == 2);
    CHECK(event.tags[0].key == "plan");
    CHECK(event.tags[1].value.empty());
    REQUIRE(event.spans.size() == 1);
    CHECK(event.spans[0].name == "db.query");
    CHECK(event.spans[0].duration_us == 6);
    REQUIRE(event.spans[0].tags.size() == 1);
}

struct Wrong {
    const char* line;
    Refusal reason;
    const char* field;
};

TEST_CASE("a wrong line is refused with the reason and the field") {
    const std::array table = {
        Wrong{"not json", Refusal::malformed, "line"},
        Wrong{R"({"status":200,"duration_us":1)", Refusal::malformed, "line"},
        Wrong{R"({"status":200,"duration_us":1} x)", Refusal::malformed, "line"},
        Wrong{"[1]", Refusal::wrong_type, "line"},
        Wrong{R"({"status":200})", Refusal::missing_field, "duration_us"},
        Wrong{R"({"duration_us":1})", Refusal::missing_field, "status"},
        Wrong{R"({"status":null,"duration_us":1})", Refusal::missing_field, "status"},
        Wrong{R"({"status":"200","duration_us":1})", Refusal::wrong_type, "status"},
        Wrong{R"({"status":200.5,"duration_us":1})", Refusal::wrong_type, "status"},
        Wrong{R"({"status":600,"duration_us":1})", Refusal::out_of_range, "status"},
        Wrong{R"({"status":4294967496,"duration_us":1})", Refusal::out_of_range, "status"},
        Wrong{R"({"status":200,"duration_us":18446744073709551615})", Refusal::out_of_range, "duration_us"},
        Wrong{R"({"status":200,"duration_us":1,"method":7})", Refusal::wrong_type, "method"},
        Wrong{R"({"status":200,"duration_us":1,"tags":{"a":1}})", Refusal::wrong_type, "tags"},
        Wrong{R"({"status":200,"duration_us":1,"tags":["a"]})", Refusal::wrong_type, "tags"},
        Wrong{R"({"status":200,"duration_us":1,"error":"x"})", Refusal::wrong_type, "error"},
        Wrong{R"({"status":200,"duration_us":1,"spans":{}})", Refusal::wrong_type, "spans"},
        Wrong{R"({"status":200,"duration_us":1,"trace_id":"12"})", Refusal::out_of_range, "trace_id"},
        Wrong{R"({"status":200,"duration_us":1,"priority":3})", Refusal::out_of_range, "priority"},
        Wrong{"{\"status\":200,\"duration_us\":1,\"message\":\"\xff\"}", Refusal::malformed, "line"},
        Wrong{R"({"status":200,"duration_us":1,"message":"\ud800"})", Refusal::malformed, "line"},
        Wrong{R"({"type":"nonsense"})", Refusal::out_of_range, "type"},
        Wrong{R"({"type":1})", Refusal::wrong_type, "type"},
        Wrong{R"({"type":"metric","kind":"count","name":"x"})", Refusal::missing_field, "value"},
        Wrong{R"({"type":"metric","kind":"meter","name":"x","value":1})", Refusal::out_of_range, "kind"},
        Wrong{R"({"type":"metric","kind":"count","value":1})", Refusal::missing_field, "name"},
        Wrong{R"({"type":"hello","protocol":1})", Refusal::bad_hello, "emitter"},
        Wrong{R"({"type":"hello","protocol":2,"emitter":"00000000000000000000000000000001"})", Refusal::bad_hello,
              "protocol"},
        Wrong{R"({"type":"hello","protocol":1,"emitter":"01"})", Refusal::bad_hello, "emitter"},
        Wrong{R"({"type":"hello","protocol":1,"emitter":"00000000000000000000000000000000"})", Refusal::bad_hello,
              "emitter"},
        Wrong{R"({"type":"hello","protocol":1,"emitter":"00000000000000000000000000000001","first":0})",
              Refusal::bad_hello, "first"},
        Wrong{R"({"type":"hello","protocol":"1"})", Refusal::bad_hello, "protocol"},
        Wrong{R"({"type":"dropped","reason":"ring_full"})", Refusal::missing_field, "total"},
        Wrong{R"({"type":"dropped","reason":"hunger","total":1})", Refusal::out_of_range, "reason"},
        Wrong{R"({"type":"dropped","reason":"ring_full","total":-1})", Refusal::out_of_range, "total"},
        Wrong{R"({"type":"dropped","reason":"ring_full","total":4611686018427387905})", Refusal::out_of_range, "total"},
    };
    JsonLineParser parser;
    for (const Wrong& wrong : table) {
        CAPTURE(wrong.line);
        const auto& line = parser.parse(wrong.line);
        REQUIRE(line.what == What::refused);
        CHECK(to_string(line.refused.reason) == to_string(wrong.reason));
        CHECK(line.refused.field == wrong.field);
    }
}

TEST_CASE("hello, metric, dropped and bye are told apart, and the last of two equal keys counts") {
    JsonLineParser parser;
    const auto& hello = parser.parse(
        R"({"type":"hello","protocol":1,"emitter":"9f0c00000000000000000000000000Aa","first":7,"service":"shop"})");
    REQUIRE(hello.what == What::hello);
    CHECK(hello.hello.identity.emitter[0] == 0x9f);
    CHECK(hello.hello.identity.emitter[15] == 0xaa);
    CHECK(hello.hello.first == 7);
    CHECK(hello.hello.identity.service == "shop");
    const auto& metric =
        parser.parse(R"({"type":"metric","kind":"gauge","name":"depth","value":-1.5,"tags":{"q":"a"}})");
    REQUIRE(metric.what == What::metric);
    CHECK(metric.metric.kind == MetricKind::gauge);
    CHECK(metric.metric.value == -1.5);
    CHECK(metric.metric.tags.size() == 1);
    const auto& dropped = parser.parse(R"({"type":"dropped","reason":"ring_full","total":17})");
    REQUIRE(dropped.what == What::dropped);
    CHECK(dropped.dropped.reason == DropReason::ring_full);
    CHECK(dropped.dropped.total == 17);
    CHECK(parser.parse(R"({"type":"bye"})").what == What::bye);
    CHECK(parser.parse(R"({"status":200,"status":404,"duration_us":1})").request.status == 404);
}

TEST_CASE("more tags and spans than are kept do not end the line: one more than the limit is seen") {
    std::string tags;
    std::string spans;
    for (std::size_t i = 0; i < 100; ++i) {
        tags += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":\"v\"";
        spans += i == 0 ? "{}" : ",{}";
    }
    JsonLineParser parser;
    const auto& line =
        parser.parse(R"({"status":200,"duration_us":1,"tags":{)" + tags + R"(},"spans":[)" + spans + "]}");
    REQUIRE(line.what == What::request);
    CHECK(line.request.tags.size() == limits::tags + 1);
    CHECK(line.request.spans.size() == limits::spans + 1);
}

TEST_CASE("depth is bounded: a line of brackets is malformed, not a crash") {
    JsonLineParser parser;
    CHECK(parser.parse(R"({"x":)" + std::string(60'000, '[') + "}").what == What::refused);
}

}  // namespace

}  // namespace outrigger::intake
