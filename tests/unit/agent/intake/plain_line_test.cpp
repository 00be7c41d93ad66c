#include "agent/intake/plain_line.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "agent/intake/json_line.h"
#include "shared/limits.h"
#include "shared/record.h"
#include "tests/unit/shared/encoded.h"

using namespace outrigger;
using namespace outrigger::intake;

namespace {

const std::string whole =
    R"({"type":"request","method":"POST","route":"/users/:id","path":"/users/7?full=1","status":503,"duration_us":1234,)"
    R"("start_us":1764300000000000,"message":"it's full","client":"10.0.0.7","request_bytes":12,"response_bytes":0,)"
    R"("trace_id":"4BF92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","parent_id":"00f067aa0ba902b8",)"
    R"("priority":-1,"error":{"type":"Full","message":"no room","stack":"at 7"},"tags":{"plan":"pro","a":""},"more":"x","n":-5})";

}  // namespace

TEST_CASE("a plain line is the event that the general parser reads of it") {
    JsonLineParser parser;
    std::array<Tag, limits::tags + 1> tags;
    std::string many_tags;
    for (int i = 0; i < 100; ++i) many_tags += (i == 0 ? "\"t" : ",\"t") + std::to_string(i) + R"(":"v")";
    for (
        const std::string& line :
        {whole, std::string(R"({"status":200,"duration_us":0})"),
         std::string(R"({"type": "request", "status": 200, "duration_us": 5, "tags": {"a": "b", "c": "d"}})"),
         std::string(
             R"({"status":404,"duration_us":5,"status":200,"route":"/a","route":"/b","tags":{"a":"1"},"tags":{"b":"2"}})"),
         std::string(R"({"status":200,"duration_us":1,"error":{"type":"A","message":"m"},"error":{"message":"b"}})"),
         std::string(R"({"status":200,"duration_us":1,"tags":{"a":"1","b":"2"},"tags":{"c":"3"}})"),
         std::string(
             R"({"status":200,"duration_us":1,"span_id":"00f067aa0ba902b7","span_id":"0000000000000001","priority":2,"priority":0})"),
         R"({"status":200,"duration_us":1,"tags":{)" + many_tags + "}}",
         std::string(R"({"duration_us":999999999999999999,"status":599,"tags":{},"error":{},"":"x"})")}) {
        CAPTURE(line);
        const auto plain = read_plain_line(line, tags);
        REQUIRE(plain);
        const auto& any = parser.parse_any(line);
        REQUIRE(any.what == JsonLine::What::request);
        CHECK(test::encoded(*plain) == test::encoded(any.request));
        CHECK(plain->tags.size() == any.request.tags.size());
    }
}

TEST_CASE("a plain line says what its fields say") {
    std::array<Tag, limits::tags + 1> tags;
    const auto event = read_plain_line(whole, tags);
    REQUIRE(event);
    CHECK(event->method == "POST");
    CHECK(event->route == "/users/:id");
    CHECK(event->path == "/users/7?full=1");
    CHECK(event->status == 503);
    CHECK(event->duration_us == 1234);
    CHECK(event->start_us == 1'764'300'000'000'000);
    CHECK(event->message == "it's full");
    CHECK(event->client == "10.0.0.7");
    CHECK(event->request_bytes == 12);
    CHECK(event->response_bytes == 0);
    CHECK(event->trace_id[0] == 0x4b);
    CHECK(event->trace_id[15] == 0x36);
    CHECK(event->span_id == 0x00f067aa0ba902b7);
    CHECK(event->parent_id == 0x00f067aa0ba902b8);
    CHECK(event->priority == -1);
    CHECK(event->error.type == "Full");
    CHECK(event->error.message == "no room");
    CHECK(event->error.stack == "at 7");
    REQUIRE(event->tags.size() == 2);
    CHECK(event->tags[0].key == "plan");
    CHECK(event->tags[0].value == "pro");
    CHECK(event->tags[1].value.empty());
}

TEST_CASE("whatever is not plain, or not right, is left to the general parser") {
    std::array<Tag, limits::tags + 1> tags;
    const std::string rest = R"(,"status":200,"duration_us":5})";
    REQUIRE(read_plain_line(R"({"path":"/")" + rest, tags));
    for (const std::string& first : {std::string(R"({"path":"a\"b")"),
                                     std::string(R"({"path":"a\u0041")"),
                                     std::string("{\"path\":\"a\tb\""),
                                     std::string("{\"path\":\"\x7f\""),
                                     std::string("{\"path\":\"\xc3\xa9\""),
                                     std::string(R"({"path":null)"),
                                     std::string(R"({"path":7)"),
                                     std::string(R"({"start_us":1.0)"),
                                     std::string(R"({"start_us":1e3)"),
                                     std::string(R"({"start_us":01)"),
                                     std::string(R"({"start_us":-0)"),
                                     std::string(R"({"start_us":-)"),
                                     std::string(R"({"start_us":1000000000000000000)"),
                                     std::string(R"({"start_us":"1")"),
                                     std::string(R"({"type":"metric")"),
                                     std::string(R"({"type":7)"),
                                     std::string(R"({"spans":[])"),
                                     std::string(R"({"spans":"x")"),
                                     std::string(R"({"more":[])"),
                                     std::string(R"({"more":true)"),
                                     std::string(R"({"trace_id":"4b")"),
                                     std::string(R"({"span_id":"00f067aa0ba902bg")"),
                                     std::string(R"({"priority":3)"),
                                     std::string(R"({"priority":-2)"),
                                     std::string(R"({"tags":{"a":1})"),
                                     std::string(R"({"error":{"code":"7"})"),
                                     std::string(R"({"status":99)"),
                                     std::string(R"({"path" :"/")"),
                                     std::string(R"({"path":"/" )"),
                                     std::string(R"({"path":"/",)"),
                                     std::string("{"),
                                     std::string(R"([{"path":"/")"),
                                     std::string(R"({path:"/")"),
                                     std::string(R"({"path":"/)")}) {
        CAPTURE(first);
        // A wrong status stands last, so that it counts.
        const std::string line = first.starts_with(R"({"status")") ? R"({"duration_us":5,"status":99})" : first + rest;
        CHECK(!read_plain_line(line, tags));
    }
    for (const std::string& line :
         {std::string(), std::string("{}"), std::string(R"({"status":200})"), std::string(R"({"duration_us":5})"),
          R"({"path":"/")" + rest + " ", "x" + whole, whole.substr(0, whole.size() - 1)}) {
        CAPTURE(line);
        CHECK(!read_plain_line(line, tags));
    }
}

TEST_CASE("a byte that no plain text has is found wherever it stands") {
    std::array<Tag, limits::tags + 1> tags;
    for (std::size_t length = 0; length < 40; ++length) {
        const std::string good = R"({"status":200,"duration_us":5,"path":")" + std::string(length, '~') + R"("})";
        const auto event = read_plain_line(good, tags);
        REQUIRE(event);
        CHECK(event->path.size() == length);
        for (std::size_t at = 0; at < length; ++at) {
            for (int byte = 0; byte < 256; ++byte) {
                std::string line = good;
                line[38 + at] = static_cast<char>(byte);
                const bool plain = byte >= 0x20 && byte < 0x7f && byte != '\\' && byte != '"';
                if (read_plain_line(line, tags).has_value() != plain) {
                    CAPTURE(length);
                    CAPTURE(at);
                    CAPTURE(byte);
                    FAIL("wrongly told");
                }
            }
        }
    }
}
