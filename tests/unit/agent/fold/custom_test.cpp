#include <doctest/doctest.h>

#include "agent/fold/exact_sum.h"
#include "agent/fold/fold.h"
#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using fold::Fold;
using test::Entries;

namespace {

const fold::CustomFamily* find(const fold::Snapshot& snapshot, std::string_view name) {
    for (const auto& family : snapshot.custom) {
        if (family.name == name) return &family;
    }
    return nullptr;
}

}  // namespace

TEST_CASE("counts add up exactly, gauges keep the last, histograms fill buckets") {
    Entries entries;
    const auto* shop = entries.emitter(1);
    for (int n = 0; n < 10; ++n) entries.metric(MetricKind::count, "paid", 0.1);
    entries.metric(MetricKind::count, "orders", 9007199254740992.0, {{"plan", "pro"}}, shop, 1);
    entries.metric(MetricKind::count, "orders", 1, {{"plan", "pro"}}, shop, 2);
    entries.metric(MetricKind::gauge, "queue", 7, {}, shop, 3);
    entries.metric(MetricKind::gauge, "queue", -2.5, {}, shop, 4);
    for (const double value : {0.005, 0.3, 11.0}) entries.metric(MetricKind::histogram, "size", value, {}, shop, 5);
    Fold fold({});
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);

    REQUIRE(find(snapshot, "orders") != nullptr);
    const auto& orders = find(snapshot, "orders")->series.at(0);
    CHECK(*orders.labels == R"(service="shop",plan="pro")");
    CHECK(orders.sum.whole == 9007199254740993U);  // no double holds it
    CHECK(fold::value_of(find(snapshot, "paid")->series.at(0).sum) == 1.0);
    CHECK(find(snapshot, "queue")->series.at(0).gauge == -2.5);
    const auto& size = *find(snapshot, "size");
    CHECK(size.stride == 15);
    CHECK(size.buckets[0] == 1);
    CHECK(size.buckets[7] == 1);
    CHECK(size.buckets[14] == 1);
    CHECK(fold::value_of(size.series[0].sum) == doctest::Approx(11.305));
    CHECK(snapshot.counters.metrics == 17);
    CHECK(snapshot.series == 4);
}

TEST_CASE("a label set is the same in whatever order its tags come, and two keys never become one label twice") {
    Entries entries;
    entries.metric(MetricKind::count, "x", 1, {{"b", "2"}, {"a", "1"}});
    entries.metric(MetricKind::count, "x", 1, {{"a", "1"}, {"b", "2"}});
    entries.metric(MetricKind::count, "x", 1, {{"k.1", "first"}, {"k_1", "second"}, {"service", "mine"}});
    Fold fold({});
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    const auto& series = find(snapshot, "x")->series;
    REQUIRE(series.size() == 2);
    CHECK(*series[0].labels == R"(service="",a="1",b="2")");
    CHECK(series[0].sum.whole == 2);
    CHECK(*series[1].labels == R"(service="",k_1="first",tag_service="mine")");
}

TEST_CASE("a value that looks like another label hides no tag") {
    Entries entries;
    entries.metric(MetricKind::count, "orders", 1, {{"a", "x,b="}, {"b", "1"}});
    entries.metric(MetricKind::count, "orders", 1, {{"a", "x\",b="}, {"b", "2"}});
    Fold fold({});
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    const auto& series = find(snapshot, "orders")->series;
    REQUIRE(series.size() == 2);
    CHECK(*series[0].labels == R"(service="",a="x,b=",b="1")");
    CHECK(*series[1].labels == R"(service="",a="x\",b=",b="2")");
}

TEST_CASE("a gauge expires an hour after its last set, seen by a scrape or by the next entry; counts stay") {
    Entries entries;
    entries.metric(MetricKind::gauge, "queue", 7, {{"n", "1"}});
    entries.metric(MetricKind::count, "orders", 1);
    entries.now_us += 10 * test::second_us;
    entries.metric(MetricKind::gauge, "queue", 8, {{"n", "2"}});
    Fold fold({});
    test::apply(fold, entries.take_new());
    const std::int64_t end_us = entries.now_us - 10 * test::second_us + test::hour_us;

    CHECK(find(fold.snapshot(end_us - 1, false), "queue")->series.size() == 2);
    const auto later = fold.snapshot(end_us, false);
    REQUIRE(find(later, "queue")->series.size() == 1);
    CHECK(find(later, "queue")->series[0].gauge == 8);
    CHECK(find(later, "orders") != nullptr);
    CHECK(later.series == 3);

    entries.now_us += 2 * test::hour_us;
    entries.metric(MetricKind::gauge, "other", 1);
    test::apply(fold, entries.take_new());
    const auto last = fold.checkpoint_copy();
    CHECK(find(last, "queue") == nullptr);
    CHECK(find(last, "orders") != nullptr);
    CHECK(last.series == 2);
}

TEST_CASE("beyond the cap custom metrics fold within their name") {
    Entries entries;
    for (int n = 0; n < 100; ++n) {
        const std::string user = std::to_string(n);
        entries.metric(MetricKind::count, "orders", 1, {{"user", user}});
    }
    fold::FoldSettings settings;
    settings.max_series = 20;
    Fold fold(settings);
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    const auto& series = find(snapshot, "orders")->series;
    CHECK(series.size() == 20);
    CHECK(*series.back().labels == R"(service="__other__")");
    std::uint64_t sum = 0;
    for (const auto& each : series) sum += each.sum.whole;
    CHECK(sum == 100);
    CHECK(snapshot.overflow.back().label == "metric");
    CHECK(snapshot.overflow.back().events == 81);
    CHECK(snapshot.offenders.at(0).name == "orders");
}

TEST_CASE("a name that comes back as another kind begins anew, and takes away what would share its samples") {
    Entries entries;
    entries.metric(MetricKind::count, "orders", 5, {{"a", "1"}});
    entries.metric(MetricKind::gauge, "size_count", 5);
    entries.now_us += 2 * test::hour_us;
    entries.metric(MetricKind::histogram, "orders", 5);
    entries.metric(MetricKind::histogram, "size", 5);
    Fold fold({});
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    CHECK(snapshot.custom.size() == 2);
    CHECK(find(snapshot, "orders")->kind == MetricKind::histogram);
    CHECK(find(snapshot, "size_count") == nullptr);
    CHECK(snapshot.series == 2);
}

TEST_CASE("a sum that a double cannot hold stays at the greatest one") {
    fold::ExactSum sum;
    fold::add_to(sum, 1.7e308);
    fold::add_to(sum, 1.7e308);
    CHECK(std::isfinite(fold::value_of(sum)));
    fold::add_to(sum, 1);
    CHECK(std::isfinite(fold::value_of(sum)));
}
