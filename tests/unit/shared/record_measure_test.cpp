#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
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

Span span_of(std::string_view name, std::string_view stack) {
    Span span;
    span.name = name;
    span.error.stack = stack;
    return span;
}

}  // namespace

TEST_CASE("method and route have a name for what they are not, and that is no cut") {
    struct {
        const char* method;
        const char* kept;
    } const methods[] = {{"DELETE", "DELETE"}, {"VERSION-CONTROL", "VERSION-CONTROL"},
                         {"", "_OTHER"},       {"get", "_OTHER"},
                         {"BREW", "_OTHER"},   {"GET ", "_OTHER"},
                         {"_OTHER", "_OTHER"}, {"\xFF", "_OTHER"}};
    for (const auto& [method, kept] : methods) {
        RequestEvent event = plain_request();
        event.method = method;
        event.route = "";
        const auto record = encoded(event);
        const auto view = RequestView::parse(record);
        REQUIRE(view);
        CHECK(view->method == kept);
        CHECK(view->route == "unmatched");
        CHECK(view->cut == 0);
    }
}

TEST_CASE("numbers out of range refuse the event and name the field") {
    struct {
        const char* field;
        void (*set)(RequestEvent&);
    } const refused[] = {
        {"status", [](RequestEvent& event) { event.status = 99; }},
        {"status", [](RequestEvent& event) { event.status = 600; }},
        {"status", [](RequestEvent& event) { event.status = 65'536 + 200; }},
        {"duration_us", [](RequestEvent& event) { event.duration_us = -1; }},
        {"request_bytes", [](RequestEvent& event) { event.request_bytes = -1; }},
        {"response_bytes", [](RequestEvent& event) { event.response_bytes = -1; }},
        {"priority", [](RequestEvent& event) { event.priority = std::int8_t{3}; }},
        {"priority", [](RequestEvent& event) { event.priority = std::int8_t{-2}; }},
    };
    for (const auto& [field, set] : refused) {
        RequestEvent event = plain_request();
        set(event);
        const auto measured = measure(event);
        REQUIRE_FALSE(measured);
        CHECK(measured.error().reason == Refusal::out_of_range);
        CHECK(measured.error().field == field);
    }
    RequestEvent event = plain_request();
    Span span = span_of("n", "");
    span.duration_us = -1;
    event.spans = {&span, 1};
    REQUIRE_FALSE(measure(event));
    CHECK(measure(event).error().field == "spans.duration_us");
}

TEST_CASE("the ends of the ranges are accepted") {
    for (const int status : {100, 599}) {
        RequestEvent event = plain_request();
        event.status = status;
        event.duration_us = status == 100 ? 0 : std::numeric_limits<std::int64_t>::max();
        event.priority = static_cast<std::int8_t>(status == 100 ? -1 : 2);
        event.start_us = std::numeric_limits<std::int64_t>::min();
        event.request_bytes = 0;
        const auto record = encoded(event);
        const auto view = RequestView::parse(record);
        REQUIRE(view);
        CHECK(view->status == status);
        CHECK(view->duration_us == event.duration_us);
        CHECK(view->priority == event.priority);
        CHECK(view->start_us == event.start_us);
        CHECK(view->request_bytes == 0);
    }
}

TEST_CASE("each text beyond its limit is cut, marked and named") {
    const std::string greatest_text(70'000, 'x');
    struct {
        CutField field;
        std::size_t limit;
        void (*set)(RequestEvent&, std::string_view);
        std::string_view (*get)(const RequestView&);
    } const texts[] = {
        {CutField::route, 256, [](RequestEvent& event, std::string_view text) { event.route = text; },
         [](const RequestView& view) { return view.route; }},
        {CutField::path, 2'048, [](RequestEvent& event, std::string_view text) { event.path = text; },
         [](const RequestView& view) { return view.path; }},
        {CutField::message, 4'096, [](RequestEvent& event, std::string_view text) { event.message = text; },
         [](const RequestView& view) { return view.message; }},
        {CutField::error_type, 4'096, [](RequestEvent& event, std::string_view text) { event.error.type = text; },
         [](const RequestView& view) { return view.error.type; }},
        {CutField::error_message, 4'096, [](RequestEvent& event, std::string_view text) { event.error.message = text; },
         [](const RequestView& view) { return view.error.message; }},
        {CutField::error_stack, 16'384, [](RequestEvent& event, std::string_view text) { event.error.stack = text; },
         [](const RequestView& view) { return view.error.stack; }},
    };
    for (const auto& text : texts) {
        CAPTURE(to_string(text.field));
        for (const std::size_t size : {text.limit, text.limit + 1, greatest_text.size()}) {
            RequestEvent event = plain_request();
            text.set(event, std::string_view(greatest_text).substr(0, size));
            const auto record = encoded(event);
            const auto view = RequestView::parse(record);
            REQUIRE(view);
            CHECK(text.get(*view).size() == text.limit);
            CHECK(text.get(*view).ends_with("…") == (size > text.limit));
            CHECK(view->cut == (size > text.limit ? cut_bit(text.field) : 0));
        }
        RequestEvent event = plain_request();
        text.set(event, std::string_view("a\0\xFFz", 4));
        const auto record = encoded(event);
        const auto view = RequestView::parse(record);
        REQUIRE(view);
        CHECK(text.get(*view) == "a\uFFFD\uFFFDz");
        CHECK(view->cut == cut_bit(text.field));
    }
}

TEST_CASE("a client is kept as 16 bytes, and what is no address is dropped and named") {
    RequestEvent event = plain_request();
    event.client = "2001:db8::1";
    const auto record = encoded(event);
    const auto view = RequestView::parse(record);
    REQUIRE(view);
    REQUIRE(view->client != nullptr);
    constexpr std::array<std::uint8_t, 16> bytes = {0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    CHECK(std::memcmp(view->client, bytes.data(), bytes.size()) == 0);
    CHECK(view->cut == 0);

    event.client = "localhost";
    const auto without = encoded(event);
    const auto dropped = RequestView::parse(without);
    REQUIRE(dropped);
    CHECK(dropped->client == nullptr);
    CHECK(dropped->cut == cut_bit(CutField::client));
}

TEST_CASE("tags beyond their number or their limits are cut, and duplicates stay") {
    const std::string key(65, 'k');
    const std::string value(257, 'v');
    std::vector<Tag> tags(33, Tag{"same", "value"});
    tags[1] = {key, value};
    RequestEvent event = plain_request();
    event.tags = std::span(tags).first(32);
    const auto measured = measure(event);
    REQUIRE(measured);
    CHECK(measured->cut == cut_bit(CutField::tags));
    event.tags = tags;
    const auto record = encoded(event);
    const auto view = RequestView::parse(record);
    REQUIRE(view);
    REQUIRE(view->tags.size() == 32);
    CHECK(view->cut == cut_bit(CutField::tags));
    std::size_t index = 0;
    for (const Tag tag : view->tags) {
        CHECK(tag.key == (index == 1 ? key.substr(0, 61) + "…" : "same"));
        CHECK(tag.value == (index == 1 ? value.substr(0, 253) + "…" : "value"));
        ++index;
    }
    tags.assign(32, Tag{"k", "v"});
    event.tags = tags;
    CHECK(measure(event)->cut == 0);
    tags.assign(33, Tag{"k", "v"});
    event.tags = tags;
    CHECK(measure(event)->cut == cut_bit(CutField::tags));
    CHECK(measure(event)->tags == 32);
}

TEST_CASE("spans beyond their number, or beyond the record's 64 KiB, are lost from the end") {
    std::vector<Span> spans(65, span_of("query", ""));
    RequestEvent event = plain_request();
    event.spans = spans;
    const auto many = encoded(event);
    const auto view = RequestView::parse(many);
    REQUIRE(view);
    CHECK(view->spans.size() == 64);
    CHECK(view->cut == cut_bit(CutField::spans));

    const std::string stack(16'384, 's');
    for (Span& span : spans) span.error.stack = stack;
    event.spans = std::span(spans).first(4);
    const auto large = encoded(event);
    const auto cut = RequestView::parse(large);
    REQUIRE(cut);
    CHECK(cut->spans.size() == 3);
    CHECK(cut->cut == cut_bit(CutField::spans));

    const std::string message(4'096, 'm');
    const std::string value(256, 'v');
    std::vector<Tag> tags(32, Tag{value, value});
    event.error = {message, message, stack};
    event.message = message;
    event.tags = tags;
    spans[0].error = {message, message, stack};
    spans[0].tags = tags;
    event.spans = std::span(spans).first(1);
    const auto none = encoded(event);
    const auto without = RequestView::parse(none);
    REQUIRE(without);
    CHECK(without->spans.size() == 0);
    CHECK(without->tags.size() == 32);
    CHECK(without->error.stack == stack);
    CHECK(without->cut == (cut_bit(CutField::spans) | cut_bit(CutField::tags)));
}

TEST_CASE("a record may be 64 KiB to the byte") {
    const std::string stack(16'384, 's');
    std::vector<Span> spans(4, span_of("", stack));
    RequestEvent event = plain_request();
    const std::size_t without_last = encoded(event).size() + 1 + 3 * (31 + stack.size());
    const std::size_t room = limits::record_bytes - without_last - 31;
    spans[3].error.stack = std::string_view(stack).substr(0, room);
    event.spans = spans;
    CHECK(encoded(event).size() == limits::record_bytes);
    CHECK(measure(event)->cut == 0);
    spans[3].error.stack = std::string_view(stack).substr(0, room + 1);
    CHECK(measure(event)->spans == 3);
}

TEST_CASE("metrics are refused by name, by value and by a label that is not theirs to give") {
    const double infinity = std::numeric_limits<double>::infinity();
    const std::string name_256(256, 'n');
    const std::string name_257(257, 'n');
    const Tag le{"le", "1"}, quantile{"quantile", "1"}, hidden{"__name__", "x"}, plan{"plan", "pro"};
    struct {
        MetricEvent event;
        const char* refused;  // the field, or null when accepted
    } const table[] = {
        {{MetricKind::count, "orders_placed", 1, {&plan, 1}}, nullptr},
        {{MetricKind::count, "_x9", 0, {}}, nullptr},
        {{MetricKind::gauge, "depth", -1, {}}, nullptr},
        {{MetricKind::histogram, name_256, -1, {}}, nullptr},
        {{MetricKind::count, name_257, 1, {}}, "name"},
        {{MetricKind::count, "", 1, {}}, "name"},
        {{MetricKind::count, "9x", 1, {}}, "name"},
        {{MetricKind::count, "a-b", 1, {}}, "name"},
        {{MetricKind::count, "größe", 1, {}}, "name"},
        {{MetricKind::count, "x", -1, {}}, "value"},
        {{MetricKind::gauge, "x", infinity, {}}, "value"},
        {{MetricKind::gauge, "x", std::nan(""), {}}, "value"},
        {{static_cast<MetricKind>(0), "x", 1, {}}, "kind"},
        {{static_cast<MetricKind>(4), "x", 1, {}}, "kind"},
        {{MetricKind::count, "x", 1, {&le, 1}}, "tags"},
        {{MetricKind::count, "x", 1, {&quantile, 1}}, "tags"},
        {{MetricKind::count, "x", 1, {&hidden, 1}}, "tags"},
    };
    for (const auto& [event, refused] : table) {
        CAPTURE(std::string(event.name));
        const auto measured = measure(event);
        CHECK(measured.has_value() == (refused == nullptr));
        if (!measured && refused != nullptr) CHECK(measured.error().field == refused);
        if (measured) CHECK(MetricView::parse(encoded(event)).has_value());
    }
}

}  // namespace outrigger
