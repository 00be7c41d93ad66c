// Replay: a checkpoint at any position and the rest of the journal come to the state that the whole journal comes to.
#include <doctest/doctest.h>

#include <array>
#include <random>

#include "agent/fold/checkpoint.h"
#include "agent/fold/fold.h"
#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using fold::Fold;
using fold::RequestSeries;
using test::Entries;

namespace {

// A bit of everything, with more label sets than the cap, emitters that skip numbers, and hours that pass.
void fill(Entries& entries, std::uint32_t seed, int count) {
    std::mt19937 random(seed);
    const auto below = [&](std::uint32_t limit) { return random() % limit; };
    std::vector<const Identity*> emitters;
    for (std::uint8_t id = 1; id <= 5; ++id) emitters.push_back(entries.emitter(id, "app " + std::to_string(id % 3)));
    std::vector<std::uint64_t> numbers(emitters.size());
    for (int n = 0; n < count; ++n) {
        const std::size_t who = below(5);
        const Identity* const from = emitters[who];
        numbers[who] += 1 + (below(20) == 0 ? below(5) : 0);
        entries.now_us += below(30) == 0 ? 20 * 60 * test::second_us : below(test::second_us);
        const std::string text = std::to_string(below(40));
        const auto value = static_cast<double>(below(100)) / 8;
        TraceId trace_id{};
        trace_id[0] = static_cast<std::uint8_t>(below(3));
        switch (below(9)) {
            case 8: {
                using enum journal::FlushStep;
                constexpr std::array steps = {begin, begin, begin, begin, begin, end, end, end, end, on, on, off};
                const std::uint64_t id = below(3);  // often that of the flush that is open
                entries.other(journal::Kind::flush, journal::Flush{steps[below(12)], id, below(5), 1, 1}, nullptr);
                break;
            }
            case 0:
                entries.metric(MetricKind::count, "orders", value, {{"user", text}}, from, numbers[who]);
                break;
            case 1:
                entries.metric(MetricKind::gauge, "queue", value, {{"user", text}}, from, numbers[who]);
                break;
            case 2:
                entries.metric(MetricKind::histogram, "size", value, {}, from, numbers[who]);
                break;
            case 3: {
                const journal::DropTotal total{DropReason::ring_full, numbers[who] * 2};
                entries.other(journal::Kind::drop_total, total, from, below(2) == 0 ? numbers[who] : 0);
                break;
            }
            case 4: {
                journal::RefusedRun run{numbers[who], numbers[who] + 1, {}};
                run.by_reason[below(9)] = 2;
                entries.other(journal::Kind::refused, run, from, ++numbers[who]);
                break;
            }
            default:
                const std::string route = "/r/" + text;
                const std::string plan = std::to_string(below(3));
                const std::int64_t duration_us = below(3'000'000);
                entries.request({route,
                                 200 + static_cast<int>(below(2)) * 300,
                                 duration_us,
                                 below(9) == 0 ? "E" : "",
                                 {{"plan", plan}},
                                 trace_id,
                                 below(2) == 0},
                                from, numbers[who]);
        }
    }
}

fold::FoldSettings small() {
    fold::FoldSettings settings;
    settings.max_series = 100;
    settings.tag_labels = {"plan"};
    return settings;
}

std::vector<std::byte> state_of(const Fold& fold) {
    fold::Checkpoint checkpoint;
    checkpoint.fold = fold.checkpoint_copy();
    return encode(checkpoint);
}

fold::Checkpoint reloaded(const Fold& fold) {
    auto checkpoint = fold::decode(state_of(fold));
    REQUIRE(checkpoint);
    return std::move(*checkpoint);
}

std::uint64_t total(const fold::Snapshot& snapshot, std::size_t column) {
    std::uint64_t sum = 0;
    for (std::size_t each = 0; each < snapshot.requests.size; ++each) sum += snapshot.requests.row(each)[column];
    return sum;
}

}  // namespace

TEST_CASE("a checkpoint at any position and the rest are the same as all of it") {
    for (std::uint32_t seed = 1; seed <= 3; ++seed) {
        Entries entries;
        fill(entries, seed, 1'500);
        Fold whole(small());
        test::apply(whole, entries.all());
        const auto wanted = state_of(whole);
        const auto flushes = whole.checkpoint_copy().flushes;
        CHECK(flushes.cursor.delivered > 0);
        CHECK(flushes.cursor.dropped_total() > flushes.cursor.delivered);
        for (std::size_t at = 0; at <= entries.all().size(); at += 1 + at / 7) {
            CAPTURE(seed);
            CAPTURE(at);
            Fold before(small());
            test::apply(before, entries.all().first(at));
            const auto checkpoint = reloaded(before);
            Fold after(small(), checkpoint.fold);
            CHECK(after.notes().empty());
            CHECK(after.position() == at);
            test::apply(after, entries.all().subspan(at));
            REQUIRE(state_of(after) == wanted);
        }
    }
}

TEST_CASE("another naming set at restart only renders: the same numbers under other labels") {
    Entries entries;
    fill(entries, 7, 500);
    Fold before(small());
    test::apply(before, entries.all());
    auto settings = small();
    settings.names = fold::NamingSet::flask;
    Fold after(settings, reloaded(before).fold);
    CHECK(state_of(after) == state_of(before));
    const auto snapshot = after.snapshot(entries.now_us, false);
    CHECK(snapshot.requests.labels(0).text.find(",path=\"") != std::string_view::npos);
    CHECK(snapshot.requests.groups.size() < snapshot.requests.size);
}

TEST_CASE("other buckets at restart: histograms start anew, one line says so, counts go on") {
    Entries entries;
    fill(entries, 8, 500);
    Fold before(small());
    test::apply(before, entries.all());
    const auto old = before.snapshot(entries.now_us, true);
    auto settings = small();
    settings.buckets = {.1, 1};
    Fold after(settings, reloaded(before).fold);
    CHECK(after.notes().size() == 1);
    const auto fresh = after.snapshot(entries.now_us, true);
    CHECK(fresh.requests.stride == RequestSeries::buckets + 3);
    CHECK(total(fresh, RequestSeries::count) == total(old, RequestSeries::count));
    CHECK(total(fresh, RequestSeries::exceptions) == total(old, RequestSeries::exceptions));
    CHECK(total(fresh, RequestSeries::sum) == 0);
    CHECK(total(fresh, RequestSeries::buckets + 2) == 0);
    CHECK(fresh.requests.exemplars.empty());
    CHECK(fresh.counters.folded == old.counters.folded);

    entries.metric(MetricKind::histogram, "size", .5);
    test::apply(after, entries.all().last(1));
    for (const auto& family : after.snapshot(entries.now_us, false).custom) {
        if (family.name == "size") CHECK(family.buckets == std::vector<std::uint64_t>{0, 1, 0});
    }
}

TEST_CASE("new tag labels at restart begin new label sets; old ones stay and go on without the tag") {
    Entries entries;
    entries.request({.route = "/a", .tags = {{"plan", "pro"}, {"zone", "b"}}});
    entries.request({.route = "/a"});
    fold::FoldSettings settings;
    settings.tag_labels = {"plan"};
    Fold before(settings);
    test::apply(before, entries.take_new());
    settings.tag_labels = {"zone"};
    Fold after(settings, reloaded(before).fold);
    entries.request({.route = "/a", .tags = {{"plan", "pro"}, {"zone", "b"}}});
    entries.request({.route = "/a"});
    test::apply(after, entries.take_new());
    const auto snapshot = after.snapshot(entries.now_us, false);
    REQUIRE(snapshot.requests.size == 3);
    CHECK(snapshot.requests.labels(0).text.ends_with(R"(status="200",plan="pro")"));
    CHECK(snapshot.requests.row(0)[RequestSeries::count] == 1);
    CHECK(snapshot.requests.row(1)[RequestSeries::count] == 2);
    CHECK(snapshot.requests.labels(2).text.ends_with(R"(status="200",zone="b")"));
}

TEST_CASE("a lower cap at restart keeps what is there and admits no more") {
    Entries entries;
    for (int n = 0; n < 50; ++n) {
        const std::string route = "/" + std::to_string(n);
        entries.request({.route = route});
    }
    Fold before({});
    test::apply(before, entries.take_new());
    fold::FoldSettings settings;
    settings.max_series = 20;
    Fold after(settings, reloaded(before).fold);
    entries.request({.route = "/0"});
    entries.request({.route = "/new"});
    entries.request({.route = "/newer"});
    test::apply(after, entries.take_new());
    const auto snapshot = after.snapshot(entries.now_us, false);
    CHECK(snapshot.requests.size == 51);
    CHECK(snapshot.requests.row(0)[RequestSeries::count] == 2);
    CHECK(snapshot.requests.row(50)[RequestSeries::count] == 2);
}
