#include "agent/fold/metric_names.h"

#include <doctest/doctest.h>

#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using fold::MetricNames;

namespace {

constexpr std::int64_t now_us = 1'763'800'000 * test::second_us;

std::optional<Refusal> refusal(const std::expected<void, Refused>& answer) {
    return answer ? std::nullopt : std::optional(answer.error().reason);
}

}  // namespace

TEST_CASE("a name keeps its first kind until it has been idle for an hour") {
    MetricNames names;
    CHECK(names.admit(MetricKind::count, "orders", now_us));
    CHECK(names.admit(MetricKind::count, "orders", now_us + 1));
    CHECK(refusal(names.admit(MetricKind::gauge, "orders", now_us + 2)) == Refusal::conflicting_kind);
    CHECK(refusal(names.admit(MetricKind::gauge, "orders", now_us + test::hour_us)) == Refusal::conflicting_kind);
    CHECK(names.admit(MetricKind::gauge, "orders", now_us + 1 + test::hour_us));
    CHECK(refusal(names.admit(MetricKind::count, "orders", now_us + 2 + test::hour_us)) == Refusal::conflicting_kind);
    CHECK(names.size() == 1);
}

TEST_CASE("names that would share a family or a sample are refused until the other is idle") {
    struct Row {
        MetricKind first_kind;
        std::string_view first;
        MetricKind second_kind;
        std::string_view second;
        bool shares;
    };
    using enum MetricKind;
    constexpr Row rows[] = {
        {count, "x", count, "x_total", true},       {count, "x_total", count, "x", true},
        {count, "x", gauge, "x_total", true},       {count, "x_total", gauge, "x", true},
        {histogram, "x", count, "x_count", true},   {histogram, "x", gauge, "x_count", true},
        {gauge, "x_sum", histogram, "x", true},     {gauge, "x_bucket", histogram, "x", true},
        {histogram, "x", histogram, "x_sum", true}, {count, "x", gauge, "x_count", false},
        {gauge, "x", gauge, "x_total", false},      {histogram, "x", count, "x_total", true},
        {count, "x", count, "x_total_total", true},
    };
    for (const auto& [first_kind, first, second_kind, second, shares] : rows) {
        CAPTURE(first);
        CAPTURE(second);
        MetricNames names;
        REQUIRE(names.admit(first_kind, first, now_us));
        const auto answer = names.admit(second_kind, second, now_us + 1);
        CHECK(refusal(answer) == (shares ? std::optional(Refusal::bad_name) : std::nullopt));
        CHECK(names.admit(second_kind, second, now_us + test::hour_us));
    }
}

TEST_CASE("names of the agent's own families are refused, whatever the naming set") {
    for (const char* name : {"http_requests_total", "http_requests", "http_request_duration_seconds",
                             "http_server_request_duration_seconds", "flask_http_request_total", "outrigger_anything",
                             "process_open_fds", "app_info", "up"}) {
        CAPTURE(name);
        MetricNames names;
        CHECK(refusal(names.admit(MetricKind::count, name, now_us)) == Refusal::bad_name);
        CHECK(refusal(names.admit(MetricKind::gauge, name, now_us)) == Refusal::bad_name);
        CHECK(names.size() == 0);
    }
    MetricNames names;
    CHECK(names.admit(MetricKind::count, "orders_http_requests", now_us));
}

TEST_CASE("the thousand and first name waits until one has been idle for an hour") {
    MetricNames names;
    for (int n = 0; n < 1'000; ++n) REQUIRE(names.admit(MetricKind::gauge, "name_" + std::to_string(n), now_us + n));
    CHECK(refusal(names.admit(MetricKind::gauge, "one_more", now_us + 2'000)) == Refusal::bad_name);
    CHECK(names.admit(MetricKind::gauge, "one_more", now_us + test::hour_us));
    CHECK(names.size() == 1'000);
    CHECK(names.admit(MetricKind::count, "name_0", now_us + test::hour_us + 1'000));  // it was the one that went
}

TEST_CASE("reserved tag keys are refused before the name is taken") {
    for (const std::string key : {"le", "quantile", "__name__"}) {
        MetricNames names;
        MetricView view;
        view.name = "orders";
        std::vector<std::byte> raw;  // a tag as no encoder would make it: u16 lengths, key, value
        for (const std::size_t length : {key.size(), std::size_t{1}}) {
            raw.push_back(static_cast<std::byte>(length));
            raw.push_back(std::byte{0});
        }
        for (const char c : key + "x") raw.push_back(static_cast<std::byte>(c));
        view.tags = TagList(raw.data(), 1);
        CHECK(refusal(names.admit(view, now_us)) == Refusal::bad_name);
        CHECK(names.size() == 0);
    }
}

TEST_CASE("after a restart the names are those of the fold") {
    test::Entries entries;
    entries.metric(MetricKind::count, "orders", 1);
    fold::Fold fold({});
    test::apply(fold, entries.all());
    MetricNames names(fold.checkpoint_copy().custom);
    CHECK(refusal(names.admit(MetricKind::gauge, "orders", entries.now_us + 1)) == Refusal::conflicting_kind);
    CHECK(refusal(names.admit(MetricKind::gauge, "orders_total", entries.now_us + 1)) == Refusal::bad_name);
}

TEST_CASE("the names of requests in StatsD are not the app's to take, as they are configured") {
    using enum MetricKind;
    MetricNames names({}, {"hits", "hit_seconds"});
    CHECK(refusal(names.admit(count, "hits", now_us)) == Refusal::bad_name);
    CHECK(refusal(names.admit(gauge, "hits_total", now_us)) == Refusal::bad_name);
    CHECK(refusal(names.admit(histogram, "hit_seconds", now_us)) == Refusal::bad_name);
    CHECK(refusal(names.admit(gauge, "hit_seconds_count", now_us)) == Refusal::bad_name);
    CHECK(names.admit(count, "request_count", now_us));
    CHECK(names.admit(gauge, "hits_a_day", now_us));
}
