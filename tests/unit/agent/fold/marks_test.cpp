#include <doctest/doctest.h>

#include <algorithm>

#include "agent/fold/fold.h"
#include "agent/fold/mark_table.h"
#include "tests/unit/agent/fold/entries.h"

using namespace outrigger;
using fold::Fold;
using test::Entries;

TEST_CASE("an emitter's mark is made by its first entry, and numbers passed over later are a gap") {
    Entries entries;
    const auto* shop = entries.emitter(1);
    entries.request({}, shop, 100);  // unknown: taken as it is
    entries.request({}, shop, 101);
    entries.request({}, shop, 105);
    entries.metric(MetricKind::count, "x", 1, {}, shop, 106);
    entries.request({});  // without hello: no mark
    Fold fold({});
    test::apply(fold, entries.all());
    const auto marks = fold.marks();
    REQUIRE(marks.size() == 1);
    CHECK(marks[0].emitter == shop->emitter);
    CHECK(marks[0].uid == 1000);
    CHECK(marks[0].number == 106);
    CHECK(marks[0].position == 4);
    CHECK(marks[0].arrival_us == entries.now_us);
    CHECK(fold.snapshot(entries.now_us, false).counters.gap == 3);
}

TEST_CASE("refused and torn runs move the mark on and are counted by reason") {
    Entries entries;
    const auto* shop = entries.emitter(1);
    entries.request({}, shop, 1);
    journal::RefusedRun refused{2, 4, {}};
    refused.by_reason[static_cast<std::size_t>(Refusal::malformed)] = 2;
    refused.by_reason[static_cast<std::size_t>(Refusal::bad_name)] = 1;
    entries.other(journal::Kind::refused, refused, shop, 4);
    entries.other(journal::Kind::torn, journal::TornRun{5, 9}, shop, 9);
    entries.request({}, shop, 10);
    Fold fold({});
    test::apply(fold, entries.all());
    const auto snapshot = fold.snapshot(entries.now_us, false);
    CHECK(snapshot.counters.refused[static_cast<std::size_t>(Refusal::malformed)] == 2);
    CHECK(snapshot.counters.refused[static_cast<std::size_t>(Refusal::bad_name)] == 1);
    CHECK(snapshot.counters.torn == 5);
    CHECK(snapshot.counters.gap == 0);
    CHECK(fold.marks().at(0).number == 10);
}

TEST_CASE("drop totals are cumulative: only what they grow by is counted, for each emitter") {
    Entries entries;
    const auto* shop = entries.emitter(1);
    const auto* cart = entries.emitter(2);
    const auto say = [&](const Identity* from, std::uint64_t total, std::uint64_t number = 0) {
        entries.other(journal::Kind::drop_total, journal::DropTotal{DropReason::ring_full, total}, from, number);
    };
    say(shop, 17);
    say(shop, 17);
    say(cart, 5);
    say(shop, 12);  // late
    say(shop, 20, 1);
    entries.request({}, shop, 2);
    Fold fold({});
    test::apply(fold, entries.all());
    const auto& counters = fold.snapshot(entries.now_us, false).counters;
    CHECK(counters.emitter_dropped[static_cast<std::size_t>(DropReason::ring_full)] == 25);
    CHECK(counters.gap == 0);
    CHECK(fold.marks().size() == 2);
}

TEST_CASE("no total makes a counter fall, however many emitters say how much") {
    Entries entries;
    Fold fold({});
    const auto counted = [&] {
        const auto& counters = fold.snapshot(entries.now_us, false).counters;
        return counters.emitter_dropped[static_cast<std::size_t>(DropReason::ring_full)];
    };
    std::uint64_t before = 0;
    for (std::uint8_t id = 1; id <= 6; ++id) {
        const journal::DropTotal total{DropReason::ring_full, limits::last_number};
        entries.other(journal::Kind::drop_total, total, entries.emitter(id));
        test::apply(fold, entries.all());
        CHECK(counted() >= before);
        before = counted();
        if (id == 2) CHECK(before == 2 * limits::last_number);
    }
    CHECK(before == UINT64_MAX);
}

TEST_CASE("an id is its user's own: of another user, the same one has another mark") {
    Entries entries;
    const auto* mine = entries.emitter(1, "shop", 1000);
    const auto* theirs = entries.emitter(1, "shop", 1001);
    entries.request({}, mine, 1);
    entries.request({}, theirs, 7);
    entries.request({}, mine, 2);
    Fold fold({});
    test::apply(fold, entries.all());
    auto marks = fold.marks();
    std::ranges::sort(marks, {}, &fold::Mark::uid);
    REQUIRE(marks.size() == 2);
    CHECK(marks[0].number == 2);
    CHECK(marks[1].number == 7);
    CHECK(fold.snapshot(entries.now_us, false).counters.gap == 0);
}

TEST_CASE("beyond the cap the longest idle mark of the uid that holds most goes first") {
    fold::MarkTable marks(4);
    std::uint64_t evicted = 0;
    const auto touch = [&](std::uint8_t id, std::uint32_t uid) {
        EmitterId emitter{};
        emitter[0] = id;
        marks.touch(emitter, uid, evicted).position = id;
    };
    touch(1, 1000);
    touch(2, 2000);
    touch(3, 2000);
    touch(4, 2000);
    touch(2, 2000);  // now 3 is the idlest of 2000
    touch(5, 1000);
    CHECK(evicted == 1);
    std::vector<std::uint64_t> left;
    for (const auto& mark : marks.all()) left.push_back(mark.position);
    CHECK(left == std::vector<std::uint64_t>{1, 5, 4, 2});
    CHECK(marks.size() == 4);
}

TEST_CASE("a mark is forgotten after an idle hour, once the journal holds nothing of it and nobody uses it") {
    Entries entries;
    const auto* shop = entries.emitter(1);
    const auto* cart = entries.emitter(2);
    entries.request({}, shop, 1);
    entries.request({}, cart, 1);
    Fold fold({});
    test::apply(fold, entries.all());
    const std::int64_t later_us = entries.now_us + test::hour_us;
    const std::vector<EmitterId> none;
    const std::vector<EmitterId> in_use = {cart->emitter};

    fold.forget_idle(later_us - 1, 100, none);
    CHECK(fold.marks().size() == 2);
    fold.forget_idle(later_us, 1, none);
    CHECK(fold.marks().size() == 2);
    fold.forget_idle(later_us, 2, none);
    REQUIRE(fold.marks().size() == 1);
    CHECK(fold.marks()[0].emitter == cart->emitter);
    fold.forget_idle(later_us, 100, in_use);
    CHECK(fold.marks().size() == 1);
    fold.forget_idle(later_us, 100, none);
    CHECK(fold.marks().empty());
}
