#include "agent/fold/label_text.h"

#include <doctest/doctest.h>

#include "agent/fold/series_key.h"

using namespace outrigger::fold;

TEST_CASE("label values are escaped as both text formats want it") {
    std::string out;
    append_label(out, "a", "plain");
    append_label(out, "b", "back\\slash \"quote\" new\nline");
    CHECK(out == R"(a="plain",b="back\\slash \"quote\" new\nline")");
}

TEST_CASE("a tag's key becomes a label name that Prometheus takes and no label of ours has") {
    struct Row {
        std::string_view key, name;
    };
    constexpr Row rows[] = {
        {"plan", "plan"}, {"user.plan", "user_plan"}, {"caf\xC3\xA9", "caf__"}, {"1st", "tag_1st"},
        {"", "tag_"},     {"__name", "tag___name"},   {".-x", "tag___x"},       {"route", "tag_route"},
        {"le", "tag_le"}, {"service", "tag_service"}, {"path", "tag_path"}};
    for (const auto& [key, name] : rows) {
        CAPTURE(key);
        CHECK(to_label_name(key) == name);
    }
}

TEST_CASE("a series key gives back what was written into it, and each naming set renders it its own way") {
    SeriesKeyWriter writer;
    writer.begin({404, "GET", "shop", "/users/:id"});
    writer.add_tag("plan", "pro");
    const auto key = parse_series_key(writer.key());
    REQUIRE(key);
    CHECK(key->id.status == 404);
    CHECK(key->id.route == "/users/:id");
    CHECK(render_labels(*key, NamingSet::prometheus, true) ==
          R"(service="shop",method="GET",route="/users/:id",status="404",plan="pro")");
    CHECK(render_labels(*key, NamingSet::otel, true) ==
          R"(service_name="shop",http_request_method="GET",http_route="/users/:id",)"
          R"(http_response_status_code="404",plan="pro")");
    CHECK(render_labels(*key, NamingSet::flask, true) ==
          R"(service="shop",method="GET",path="/users/:id",status="404",plan="pro")");
    CHECK(render_labels(*key, NamingSet::flask, false) == R"(service="shop",method="GET",status="404",plan="pro")");
}

TEST_CASE("a series key that is cut anywhere, or too long, is none") {
    SeriesKeyWriter writer;
    writer.begin({200, "GET", "shop", "/"});
    writer.add_tag("plan", "pro");
    const std::string key(writer.key());
    for (std::size_t length = 0; length < key.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(parse_series_key(std::string_view(key).substr(0, length)));
    }
    CHECK_FALSE(parse_series_key(key + "x"));
}
