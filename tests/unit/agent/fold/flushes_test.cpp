// The StatsD sink's side of the fold: what is set aside at a flush, and the books over begin, end, restart and off.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "agent/fold/fold.h"
#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using books::SinkDrop;
using fold::Fold;
using journal::Flush;
using journal::FlushStep;
using test::Entries;

namespace {

void flush(Entries& entries, FlushStep step, std::uint64_t id = 0, std::uint64_t delivered = 0,
           std::uint64_t unsent = 0, std::uint64_t unsent_metrics = 0) {
    entries.other(journal::Kind::flush, Flush{step, id, delivered, unsent, unsent_metrics}, nullptr);
}

std::uint64_t dropped(const Fold& fold, SinkDrop reason) {
    return fold.flush_page().cursor.dropped[static_cast<std::size_t>(reason)];
}

// accepted - (delivered + dropped + pending), with what has been applied as the journal's count.
std::int64_t difference(const Fold& fold) {
    const auto cursor = fold.flush_page().cursor;
    const std::uint64_t journaled = fold.cursor().requests;
    const std::uint64_t pending = journaled - cursor.requests;
    return static_cast<std::int64_t>(journaled - cursor.base - cursor.delivered - cursor.dropped_total() - pending);
}

std::optional<fold::Deltas> take(Fold& fold, std::uint64_t id) {
    return fold.take_flush(id, std::chrono::steady_clock::now());
}

}  // namespace

TEST_CASE("while StatsD was never on nothing is gathered, and its page is empty") {
    Entries entries;
    entries.request({});
    Fold fold({});
    test::apply(fold, entries.take_new());
    CHECK_FALSE(fold.flush_due());
    CHECK(fold.checkpoint_copy().flushes.since.requests.empty());
    CHECK(fold.flush_page().cursor.base == 1);
    CHECK(difference(fold) == 0);
}

TEST_CASE("a flush sets aside what came since the last one, by label set and app, and later events wait for the next") {
    Entries entries;
    Identity blue;
    blue.service = "shop";
    blue.env = "prod";
    blue.version = "1";
    Identity green = blue;
    green.version = "2";
    entries.request({.route = "/before"});
    flush(entries, FlushStep::on);
    entries.request({.route = "/a", .duration_us = 1'000}, &blue, 1);
    entries.request({.route = "/a", .duration_us = 2'000}, &green, 1);
    entries.request({.route = "/a", .duration_us = 1'001}, &blue, 2);
    entries.request({.route = "/b", .duration_us = 0}, &blue, 3);
    flush(entries, FlushStep::begin, 1);
    entries.request({.route = "/a"}, &blue, 4);
    Fold fold({});
    test::apply(fold, entries.take_new());
    CHECK_FALSE(take(fold, 2));
    const auto deltas = take(fold, 1);
    REQUIRE(deltas);
    CHECK_FALSE(take(fold, 1));
    REQUIRE(deltas->requests.size() == 3);
    CHECK(deltas->events == 4);
    CHECK(deltas->requests[0].count == 2);
    CHECK(deltas->apps[deltas->requests[0].app].version == "1");
    CHECK(deltas->apps[deltas->requests[1].app].version == "2");
    CHECK(deltas->requests[1].key == deltas->requests[0].key);
    CHECK(deltas->requests[2].durations.zeros() == 1);
    CHECK(fold.flush_due());
    CHECK(fold.checkpoint_copy().flushes.since.events == 1);
    CHECK(fold.flush_page().cursor.base == 1);
    CHECK(difference(fold) == 0);
}

TEST_CASE("the books take what the end of a flush says, and nothing that it leaves out") {
    Entries entries;
    flush(entries, FlushStep::on);
    for (int n = 0; n < 10; ++n) entries.request({});
    flush(entries, FlushStep::begin, 1);
    entries.request({});
    flush(entries, FlushStep::end, 1, 7, 3, 2);
    Fold fold({});
    test::apply(fold, entries.take_new());
    const auto cursor = fold.flush_page().cursor;
    CHECK(cursor.position == 12);
    CHECK(cursor.requests == 10);
    CHECK(cursor.delivered == 7);
    CHECK(dropped(fold, SinkDrop::unsent) == 3);
    CHECK(cursor.dropped_metrics[static_cast<std::size_t>(SinkDrop::unsent)] == 2);
    CHECK(difference(fold) == 0);
    flush(entries, FlushStep::end, 1, 7);  // said twice
    flush(entries, FlushStep::begin, 2);
    flush(entries, FlushStep::end, 2, 0);  // one event is neither delivered nor unsent
    test::apply(fold, entries.take_new());
    CHECK(fold.flush_page().cursor.delivered == 7);
    CHECK(difference(fold) == 1);
}

TEST_CASE("a flush without an end counts whole as dropped when the agent starts again; what came after it goes on") {
    Entries entries;
    flush(entries, FlushStep::on);
    entries.request({});
    entries.request({});
    entries.metric(MetricKind::count, "orders", 1);
    flush(entries, FlushStep::begin, 1);
    entries.request({});
    flush(entries, FlushStep::on);
    entries.request({});
    flush(entries, FlushStep::begin, 2);
    Fold fold({});
    test::apply(fold, entries.take_new());
    CHECK(dropped(fold, SinkDrop::restart) == 2);
    CHECK(fold.flush_page().cursor.dropped_metrics[static_cast<std::size_t>(SinkDrop::restart)] == 1);
    CHECK(difference(fold) == 0);
    const auto deltas = take(fold, 2);
    REQUIRE(deltas);
    CHECK(deltas->events == 2);
    flush(entries, FlushStep::end, 1, 2);  // of the life before: too late
    test::apply(fold, entries.take_new());
    CHECK(fold.flush_page().cursor.delivered == 0);
}

TEST_CASE("what comes while the sink is off is counted as such when it is on again") {
    Entries entries;
    flush(entries, FlushStep::on);
    entries.request({});
    flush(entries, FlushStep::off);
    entries.request({});
    entries.request({});
    entries.metric(MetricKind::count, "orders", 1);
    flush(entries, FlushStep::begin, 1);  // of nobody
    Fold fold({});
    test::apply(fold, entries.take_new());
    CHECK_FALSE(fold.flush_due());
    CHECK(dropped(fold, SinkDrop::off) == 1);
    flush(entries, FlushStep::on);
    entries.request({});
    test::apply(fold, entries.take_new());
    CHECK(dropped(fold, SinkDrop::off) == 3);
    CHECK(fold.flush_page().cursor.dropped_metrics[static_cast<std::size_t>(SinkDrop::off)] == 1);
    CHECK(fold.flush_due());
    CHECK(difference(fold) == 0);
}

TEST_CASE("what the journal lost is a drop of the flush that covers it, and makes one due") {
    Entries entries;
    flush(entries, FlushStep::on);
    Fold fold({});
    test::apply(fold, entries.take_new());
    CHECK_FALSE(fold.flush_due());
    journal::Counts counts{};
    counts[static_cast<std::size_t>(journal::Kind::request)] = 5;
    fold.batch_begins();
    fold.lost(6, counts, false);
    fold.lost(11, counts, true);
    entries.missing = 10;
    fold.batch_ends();
    CHECK(fold.flush_due());
    CHECK(difference(fold) == 0);
    flush(entries, FlushStep::begin, 1);
    flush(entries, FlushStep::end, 1);
    test::apply(fold, entries.take_new());
    CHECK(dropped(fold, SinkDrop::journal_full) == 5);
    CHECK(dropped(fold, SinkDrop::damaged) == 5);
    CHECK(difference(fold) == 0);
}

TEST_CASE("what was sent before the journal lost it is no drop, and a lost flush is one") {
    journal::Counts two{};
    two[static_cast<std::size_t>(journal::Kind::request)] = 2;
    Entries entries;
    Fold fold({});
    flush(entries, FlushStep::on);
    entries.request({});
    test::apply(fold, entries.take_new());
    fold.batch_begins();
    fold.lost(4, two, true);  // two of three that were sent
    fold.batch_ends();
    entries.missing = 2;
    flush(entries, FlushStep::begin, 1);
    flush(entries, FlushStep::end, 1, 3);
    test::apply(fold, entries.take_new());
    CHECK(fold.flush_page().cursor.delivered == 3);
    CHECK(dropped(fold, SinkDrop::damaged) == 0);
    CHECK(difference(fold) == 0);

    // A begin is lost: its end says what of it was sent, and it is not sent again.
    entries.request({});
    entries.request({});
    test::apply(fold, entries.take_new());
    fold.batch_begins();
    fold.lost(9, {}, true);
    fold.batch_ends();
    entries.missing = 3;
    flush(entries, FlushStep::end, 2, 2);
    entries.request({});
    flush(entries, FlushStep::begin, 3);
    flush(entries, FlushStep::end, 3, 1);
    test::apply(fold, entries.take_new());
    CHECK(fold.flush_page().cursor.delivered == 6);
    CHECK(dropped(fold, SinkDrop::damaged) == 0);
    CHECK(difference(fold) == 0);

    // An end is lost together with what came before the next begin.
    entries.request({});
    flush(entries, FlushStep::begin, 4);
    test::apply(fold, entries.take_new());
    const std::uint64_t last = fold.position() + 3;
    fold.batch_begins();
    fold.lost(last, two, true);
    fold.batch_ends();
    entries.missing += 3;
    flush(entries, FlushStep::begin, 5);
    flush(entries, FlushStep::end, 5, 2);
    test::apply(fold, entries.take_new());
    CHECK(fold.flush_page().cursor.delivered == 8);
    CHECK(dropped(fold, SinkDrop::restart) == 1);
    CHECK(dropped(fold, SinkDrop::damaged) == 0);
    CHECK(difference(fold) == 0);
}

TEST_CASE(
    "custom metrics are set aside under their own labels: counts add up, gauges keep the last, values both signs") {
    Entries entries;
    flush(entries, FlushStep::on);
    entries.metric(MetricKind::count, "orders", 2, {{"plan", "pro"}});
    entries.metric(MetricKind::count, "orders", .5, {{"plan", "pro"}});
    entries.metric(MetricKind::gauge, "queue", 7);
    entries.metric(MetricKind::gauge, "queue", -3);
    entries.metric(MetricKind::histogram, "size", 4);
    entries.metric(MetricKind::histogram, "size", -4);
    entries.metric(MetricKind::histogram, "size", 0);
    flush(entries, FlushStep::begin, 1);
    fold::FoldSettings settings;
    settings.service = "shop";
    Fold fold(settings);
    test::apply(fold, entries.take_new());
    const auto deltas = take(fold, 1);
    REQUIRE(deltas);
    REQUIRE(deltas->custom.size() == 3);
    CHECK(deltas->metrics == 7);
    CHECK(*deltas->custom[0].labels == R"(service="shop",plan="pro")");
    CHECK(fold::value_of(deltas->custom[0].sum) == 2.5);
    CHECK(deltas->custom[0].events == 2);
    CHECK(deltas->custom[1].gauge == -3);
    CHECK(deltas->custom[2].values.buckets() == std::vector<fold::FineHistogram::Bucket>{{64, 1}});
    CHECK(deltas->custom[2].values.zeros() == 1);
    CHECK(deltas->custom[2].negatives.buckets() == std::vector<fold::FineHistogram::Bucket>{{64, 1}});
}

TEST_CASE("apps cannot multiply the label sets of a flush beyond the cap: the rest goes under one app") {
    Entries entries;
    std::deque<Identity> apps;
    flush(entries, FlushStep::on);
    for (int n = 0; n < 150; ++n) {
        Identity& app = apps.emplace_back();
        app.version = std::to_string(n);
        const std::string route = "/" + std::to_string(n % 3);
        entries.request({.route = route}, &app, 1);
    }
    flush(entries, FlushStep::begin, 1);
    fold::FoldSettings settings;
    SUBCASE("of a hundred apps") {}
    SUBCASE("of --max-series") { settings.max_series = 20; }
    Fold fold(settings);
    test::apply(fold, entries.take_new());
    const auto deltas = take(fold, 1);
    REQUIRE(deltas);
    CHECK(deltas->apps.size() <= 101);
    CHECK(deltas->requests.size() <= std::min<std::size_t>(settings.max_series, 100) + 3);
    std::uint64_t sum = 0;
    for (const auto& delta : deltas->requests) sum += delta.count;
    CHECK(sum == 150);
    CHECK(deltas->apps[deltas->requests.back().app].version == "__other__");
}

TEST_CASE("values of all sizes in ten thousand label sets cost a bounded memory, and none of them its count") {
    Entries entries;
    flush(entries, FlushStep::on);
    fold::FoldSettings settings;
    Fold fold(settings);
    test::apply(fold, entries.take_new());
    constexpr int sets = 5'000;
    constexpr int sizes = 40;
    for (int size = 0; size < sizes; ++size) {
        for (int set = 0; set < sets; ++set) {
            const std::string number = std::to_string(set);
            const double value = std::ldexp(size % 2 == 0 ? 1 : -1, size * 50 - 1'000);
            entries.metric(MetricKind::histogram, "hostile", value, {{"set", number}});
            entries.request({.route = number, .duration_us = std::int64_t{1} << size});
        }
        test::apply(fold, entries.take_new());
        entries.clear();
    }
    flush(entries, FlushStep::begin, 1);
    test::apply(fold, entries.take_new());
    const auto deltas = take(fold, 1);
    REQUIRE(deltas);
    std::size_t octaves = 0;
    std::uint64_t told = 0;
    const auto add = [&](const fold::FineHistogram& histogram) {
        octaves += histogram.octaves();
        for (const auto& [index, count] : histogram.buckets()) told += count;
    };
    for (const auto& delta : deltas->requests) add(delta.durations);
    for (const auto& delta : deltas->custom) {
        add(delta.values);
        add(delta.negatives);
    }
    CHECK(told == 2 * sets * sizes);
    CHECK(deltas->coarse > 0);
    CHECK(octaves * fold::FineHistogram::octave_bytes <=
          (std::size_t{8} << 20) + 3 * sets * fold::FineHistogram::octave_bytes);
    flush(entries, FlushStep::end, 1);
    entries.metric(MetricKind::histogram, "hostile", 1, {{"set", "1"}});
    flush(entries, FlushStep::begin, 2);
    test::apply(fold, entries.take_new());
    CHECK(take(fold, 2).value().coarse == 0);
}

TEST_CASE("a flush that a checkpoint cut in two sends one line for each custom label set") {
    Entries entries;
    flush(entries, FlushStep::on);
    entries.metric(MetricKind::count, "orders", 2, {{"plan", "pro"}});
    Fold before({});
    test::apply(before, entries.take_new());
    Fold after({}, before.checkpoint_copy());
    entries.metric(MetricKind::count, "orders", 3, {{"plan", "pro"}});
    flush(entries, FlushStep::begin, 1);
    test::apply(after, entries.take_new());
    const auto deltas = take(after, 1);
    REQUIRE(deltas);
    REQUIRE(deltas->custom.size() == 1);
    CHECK(fold::value_of(deltas->custom[0].sum) == 5);
}
