#include "app/translate.h"

#include <doctest/doctest.h>
#include <httplib.h>

using namespace outrigger;
using namespace outrigger::app;

namespace {

struct Answered {
    httplib::Request request;
    httplib::Response response;
    RequestTrace trace;
    Circumstances circumstances{"192.0.2.7", "/green", {1'763'800'000'123'456, 1'234}, trace};
    Reply reply;

    Answered() {
        request.method = "GET";
        request.target = "/green?shade=dark";
        request.path = "/green";
        response.status = 200;
        response.body = "Green";
        reply.message = "Green endpoint hit.";
    }

    RequestEvent event(std::span<const Span> spans = {}, std::span<const Tag> tags = {}) const {
        return to_event(request, response, circumstances, reply, spans, tags);
    }
};

}  // namespace

TEST_CASE("an event says who asked for what, when, and what came of it") {
    Answered answered;
    answered.request.body = "abc";
    const auto event = answered.event();
    CHECK(event.method == "GET");
    CHECK(event.route == "/green");
    CHECK(event.path == "/green?shade=dark");
    CHECK(event.status == 200);
    CHECK(event.start_us == 1'763'800'000'123'456);
    CHECK(event.duration_us == 1'234);
    CHECK(event.request_bytes == 3);
    CHECK(event.response_bytes == 5);
    CHECK(event.client == "192.0.2.7");
    CHECK(event.message == "Green endpoint hit.");
    CHECK(event.error.empty());
    CHECK(event.spans.empty());
}

TEST_CASE("the answer to HEAD has no body, whatever its Content-Length says") {
    Answered answered;
    answered.request.method = "HEAD";
    CHECK(answered.event().response_bytes == 0);
}

TEST_CASE("the status is the one that was sent, not the one that the handler wished for") {
    Answered answered;
    answered.response.status = 416;
    CHECK(answered.event().status == 416);
}

TEST_CASE("where no handler spoke the message is the status line's") {
    struct Row {
        int status;
        std::string_view message;
    };
    constexpr Row table[] = {
        {400, "400 Bad Request"},
        {404, "404 Not Found"},
        {413, "413 Payload Too Large"},
        {414, "414 URI Too Long"},
        {416, "416 Range Not Satisfiable"},
        {417, "417 Expectation Failed"},
        {200, ""},
    };
    for (const auto& row : table) {
        Answered answered;
        answered.reply.message.clear();
        answered.response.status = row.status;
        CHECK(answered.event().message == row.message);
    }
}

TEST_CASE("an error keeps its type, message and stack") {
    Answered answered;
    answered.reply.error = Failure{"Broken", "it broke", "at here\n"};
    const auto event = answered.event();
    CHECK(event.error.type == "Broken");
    CHECK(event.error.message == "it broke");
    CHECK(event.error.stack == "at here\n");
}

TEST_CASE("child spans keep their names, times, errors and tags") {
    std::vector<ChildSpan> children(2);
    children[0].name = "cache.get";
    children[0].resource = "GET simulation";
    children[0].kind = "client";
    children[0].start_us = 10;
    children[0].duration_us = 20;
    children[1].name = "db.query";
    children[0].tags = {{"cache.hit", "false"}};
    children[1].service = "orders-db";
    children[1].error = Failure{"Late", "too late", "at there\n"};
    children[1].tags = {{"db.system", "postgresql"}, {"db.name", "demo"}};

    const SpanViews views(children);
    const auto spans = views.spans();
    REQUIRE(spans.size() == 2);
    CHECK(spans[0].name == "cache.get");
    CHECK(spans[0].resource == "GET simulation");
    CHECK(spans[0].kind == "client");
    CHECK(spans[0].start_us == 10);
    CHECK(spans[0].duration_us == 20);
    CHECK(spans[0].error.empty());
    REQUIRE(spans[0].tags.size() == 1);
    CHECK(spans[0].tags[0].key == "cache.hit");
    CHECK(spans[0].tags[0].value == "false");
    REQUIRE(spans[1].tags.size() == 2);
    CHECK(spans[1].tags[1].value == "demo");
    CHECK(spans[1].service == "orders-db");
    CHECK(spans[1].name == "db.query");
    CHECK(spans[1].error.type == "Late");
    CHECK(spans[1].error.message == "too late");
    CHECK(spans[1].error.stack == "at there\n");
    CHECK(Answered{}.event(spans).spans.size() == 2);
}

TEST_CASE("an event carries its trace, its place in it and the priority that came with it") {
    Answered answered;
    answered.trace = {to_trace_id(1, 2), 3, 4, std::int8_t{2}, std::nullopt, {}, {}};
    const Tag tag{"_dd.parent_id", "0000000000000005"};
    const auto event = answered.event({}, {&tag, 1});
    CHECK(event.trace_id == to_trace_id(1, 2));
    CHECK(event.span_id == 3);
    CHECK(event.parent_id == 4);
    CHECK(event.priority == std::int8_t{2});
    REQUIRE(event.tags.size() == 1);
    CHECK(event.tags[0].value == "0000000000000005");
}
