#include <doctest/doctest.h>

#include <string>

#include "shared/record.h"
#include "tests/unit/shared/encoded.h"

namespace outrigger {
namespace {

using test::encoded;

RequestEvent plain_request() {
    RequestEvent event;
    event.method = "GET";
    event.route = "/users/:id";
    event.path = "/users/7?full=1";
    event.status = 200;
    event.duration_us = 1234;
    return event;
}

std::string hex(Bytes bytes) {
    std::string text;
    for (const std::byte byte : bytes) {
        constexpr char digits[] = "0123456789abcdef";
        text += digits[std::to_integer<unsigned>(byte) >> 4];
        text += digits[std::to_integer<unsigned>(byte) & 15];
    }
    return text;
}

}  // namespace

TEST_CASE("a request is written byte for byte as it is drawn") {
    RequestEvent event = plain_request();
    event.route = "/r";
    event.path = "/p";
    event.message = "m";
    event.start_us = 0x0102030405060708;
    event.trace_id = {0xA0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    event.span_id = 0x1112131415161718;
    event.parent_id = 0x2122232425262728;
    event.request_bytes = 3;
    event.response_bytes = 4;
    event.client = "192.0.2.1";
    event.priority = std::int8_t{-1};
    event.error = {"E", "x", "s"};
    const Tag tags[] = {{"k", "v"}};
    event.tags = tags;
    const Tag span_tags[] = {{"a", "b"}};
    const Span spans[] = {{"n", "r", "s", "c", 5, 6, {"t", "m", "k"}, span_tags}};
    event.spans = spans;
    CHECK(hex(encoded(event)) ==
          // head
          "aa000000"
          "01"
          "01"
          "c800"
          "ff070000"
          "00000000"
          "d204000000000000"
          "01"
          "ff"
          "0200"
          "0200"
          "0100"
          // start, trace, span, parent, sizes, client
          "0807060504030201"
          "a00102030405060708090a0b0c0d0e0f"
          "1817161514131211"
          "2827262524232221"
          "0300000000000000"
          "0400000000000000"
          "00000000000000000000ffffc0000201"
          // lengths of the error's texts, counts, texts
          "010001000100"
          "01"
          "01"
          "2f72"
          "2f70"
          "6d"
          "45"
          "78"
          "73"
          // the tag, the span
          "01000100"
          "6b"
          "76"
          "0500000000000000"
          "0600000000000000"
          "0100010001000100010001000100"
          "01"
          "6e727363746d6b"
          "01000100"
          "61"
          "62");
}

TEST_CASE("a metric is written byte for byte as it is drawn") {
    const Tag tags[] = {{"plan", "pro"}};
    const MetricEvent event{MetricKind::gauge, "depth", 1.5, tags};
    CHECK(hex(encoded(event)) ==
          "28000000"
          "02"
          "01"
          "02"
          "01"
          "00000000"
          "0500"
          "0000"
          "000000000000f83f"
          "6465707468"
          "04000300"
          "706c616e"
          "70726f");
}

TEST_CASE("what is absent takes no room") {
    const auto record = encoded(plain_request());
    CHECK(record.size() == 32 + 10 + 15);
    const auto view = RequestView::parse(record);
    REQUIRE(view);
    CHECK(view->method == "GET");
    CHECK(view->route == "/users/:id");
    CHECK(view->path == "/users/7?full=1");
    CHECK(view->message.empty());
    CHECK(view->status == 200);
    CHECK(view->duration_us == 1234);
    CHECK(view->cut == 0);
    CHECK_FALSE(view->start_us);
    CHECK_FALSE(view->request_bytes);
    CHECK_FALSE(view->response_bytes);
    CHECK_FALSE(view->priority);
    CHECK(view->trace_id == TraceId{});
    CHECK(view->span_id == 0);
    CHECK(view->parent_id == 0);
    CHECK(view->client == nullptr);
    CHECK(view->error.empty());
    CHECK(view->tags.size() == 0);
    CHECK(view->spans.size() == 0);
}

}  // namespace outrigger
