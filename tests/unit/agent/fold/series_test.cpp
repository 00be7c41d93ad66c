#include <doctest/doctest.h>

#include <numeric>
#include <set>

#include "agent/fold/fold.h"
#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using fold::Fold;
using fold::RequestSeries;
using test::Entries;

namespace {

std::uint64_t total(const fold::Snapshot& snapshot, std::size_t column) {
    std::uint64_t sum = 0;
    for (std::size_t each = 0; each < snapshot.requests.size; ++each) sum += snapshot.requests.row(each)[column];
    return sum;
}

std::set<std::string_view> labels(const fold::Snapshot& snapshot) {
    std::set<std::string_view> out;
    for (std::size_t each = 0; each < snapshot.requests.size; ++each) out.insert(snapshot.requests.labels(each).text);
    return out;
}

std::uint64_t overflow(const fold::Snapshot& snapshot, std::string_view label) {
    for (const auto& each : snapshot.overflow) {
        if (each.label == label) return each.events;
    }
    return 0;
}

}  // namespace

TEST_CASE("requests of one label set share a row: count, exceptions, sum and the exact bucket") {
    Entries entries;
    const auto* shop = entries.emitter(1);
    entries.request({"/a", 200, 4'999}, shop, 1);
    entries.request({"/a", 200, 5'000}, shop, 2);
    entries.request({"/a", 200, 5'001, "ZeroDivision"}, shop, 3);
    entries.request({"/a", 500, 20'000'000}, shop, 4);
    Fold fold({});
    test::apply(fold, entries.all());

    const auto snapshot = fold.snapshot(entries.now_us, false);
    REQUIRE(snapshot.requests.size == 2);
    CHECK(snapshot.requests.labels(0).text == R"(service="shop",method="GET",route="/a",status="200")");
    const std::uint64_t* const row = snapshot.requests.row(0);
    CHECK(row[RequestSeries::count] == 3);
    CHECK(row[RequestSeries::exceptions] == 1);
    CHECK(row[RequestSeries::sum] == 15'000);
    CHECK(row[RequestSeries::buckets] == 2);
    CHECK(row[RequestSeries::buckets + 1] == 1);
    CHECK(snapshot.requests.row(1)[RequestSeries::buckets + 14] == 1);  // +Inf
    CHECK(snapshot.position == 4);
    CHECK(snapshot.counters.requests == 4);
    CHECK(snapshot.counters.folded == 4);
}

TEST_CASE("an error counts as an exception whatever part of it is said") {
    Entries entries;
    RequestEvent event;
    event.method = "GET";
    event.status = 500;
    for (auto part : {&ErrorInfo::type, &ErrorInfo::message, &ErrorInfo::stack}) {
        event.error = {};
        event.error.*part = "said";
        entries.add({}, test::encoded(event));
    }
    Fold fold({});
    test::apply(fold, entries.all());
    CHECK(total(fold.snapshot(entries.now_us, false), RequestSeries::exceptions) == 3);
}

TEST_CASE("an event without a service of its own has the agent's") {
    Entries entries;
    entries.request({"/a", 200, 1});
    entries.request({"/a", 200, 1}, entries.emitter(1, ""), 1);
    fold::FoldSettings settings;
    settings.service = "ours";
    Fold fold(settings);
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    CHECK(labels(snapshot) == std::set<std::string_view>{R"(service="ours",method="GET",route="/a",status="200")"});
}

TEST_CASE("durations beyond what a sum can hold leave it at its greatest") {
    Entries entries;
    for (int n = 0; n < 3; ++n) entries.request({"/a", 200, INT64_MAX});
    Fold fold({});
    test::apply(fold, entries.all());
    CHECK(fold.snapshot(entries.now_us, false).requests.row(0)[RequestSeries::sum] == UINT64_MAX);
}

TEST_CASE("tags that are allow-listed become labels by name; the rest, and empty ones, do not") {
    Entries entries;
    entries.request({"/a", 200, 1, "", {{"zone", "b"}, {"plan.kind", "pro"}, {"user", "17"}}});
    entries.request({"/a", 200, 1, "", {{"plan.kind", ""}}});
    entries.request({"/a", 200, 1});
    fold::FoldSettings settings;
    settings.tag_labels = {"zone", "plan.kind"};
    Fold fold(settings);
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    CHECK(labels(snapshot) ==
          std::set<std::string_view>{R"(service="",method="GET",route="/a",status="200",plan_kind="pro",zone="b")",
                                     R"(service="",method="GET",route="/a",status="200")"});
}

TEST_CASE("200,000 routes stay under the cap, the totals stay exact, and who did it is named") {
    constexpr std::uint64_t events = 200'000;
    Entries entries;
    const auto* shop = entries.emitter(1);
    Fold fold({});
    for (std::uint64_t n = 1; n <= events; ++n) {
        const std::string route = "/scan/" + std::to_string(n);
        entries.request({route, n % 10 == 0 ? 404 : 200, 1'000}, shop, n);
        if (n % 20'000 == 0) test::apply(fold, entries.take_new());
    }
    const auto snapshot = fold.snapshot(entries.now_us, false);
    CHECK(snapshot.series <= 10'000);
    CHECK(snapshot.series > 9'900);
    CHECK(snapshot.requests.size == snapshot.series);
    CHECK(total(snapshot, RequestSeries::count) == events);
    CHECK(total(snapshot, RequestSeries::sum) == events * 1'000);
    CHECK(snapshot.counters.requests == events);
    CHECK(labels(snapshot).contains(R"(service="__other__",method="GET",route="__other__",status="404")"));
    CHECK(overflow(snapshot, "route") == overflow(snapshot, "service"));
    CHECK(overflow(snapshot, "route") > 190'000);
    REQUIRE(snapshot.offenders.size() == 1);
    CHECK(snapshot.offenders[0].name == "shop");
    CHECK(snapshot.offenders[0].events == overflow(snapshot, "route"));
    CHECK(snapshot.offenders[0].example == "/scan/200000");
}

TEST_CASE("beyond the cap every tag gives way too, and known label sets go on") {
    Entries entries;
    for (const char* plan : {"a", "b", "c", "d"}) entries.request({"/a", 200, 1, "", {{"plan", plan}}});
    entries.request({"/a", 200, 1, "", {{"plan", "a"}}});
    fold::FoldSettings settings;
    settings.tag_labels = {"plan"};
    settings.max_series = 3;
    Fold fold(settings);
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    CHECK(labels(snapshot) ==
          std::set<std::string_view>{
              R"(service="",method="GET",route="/a",status="200",plan="a")",
              R"(service="",method="GET",route="/a",status="200",plan="b")",
              R"(service="__other__",method="GET",route="__other__",status="200",plan="__other__")"});
    CHECK(snapshot.requests.row(0)[RequestSeries::count] == 2);
    CHECK(overflow(snapshot, "plan") == 2);
}

TEST_CASE("when even the __other__ sets are too many the method gives way, and then only statuses are beyond the cap") {
    Entries entries;
    for (int status = 100; status <= 599; ++status) {
        const std::string route = "/" + std::to_string(status);
        entries.request({route, status, 1});
    }
    fold::FoldSettings settings;
    settings.max_series = 10;
    Fold fold(settings);
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    CHECK(total(snapshot, RequestSeries::count) == 500);
    CHECK(snapshot.requests.size == 500);  // a status is never folded away
    CHECK(labels(snapshot).contains(R"(service="__other__",method="_OTHER",route="__other__",status="599")"));
}

TEST_CASE("an exemplar is the last kept trace of its bucket") {
    TraceId first{}, second{};
    first[0] = 1;
    second[0] = 2;
    Entries entries;
    entries.request({"/a", 200, 1'000, "", {}, first});
    entries.request({"/a", 200, 2'000, "", {}, second});
    entries.request({"/a", 200, 3'000, "", {}, first, false});  // not kept
    entries.request({"/a", 200, 3'000});                        // no trace
    entries.request({"/a", 200, 20'000, "", {}, first});
    Fold fold({});
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, true);
    REQUIRE(snapshot.requests.exemplars.size() == 2);
    CHECK(snapshot.requests.exemplars[0].trace_id == second);
    CHECK(snapshot.requests.exemplars[0].duration_us == 2'000);
    CHECK(snapshot.requests.exemplars[0].at_us == entries.now_us);
    CHECK(snapshot.requests.exemplars[1].bucket == 2);
    CHECK(fold.snapshot(entries.now_us, false).requests.exemplars.empty());
}
