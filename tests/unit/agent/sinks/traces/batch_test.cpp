#include "agent/sinks/traces/batch.h"

#include <doctest/doctest.h>

#include <deque>
#include <msgpack.hpp>

#include "tests/unit/shared/encoded.h"

namespace outrigger::traces {
namespace {

constexpr std::int64_t now_us = 1'763'800'000'000'000;

// A journal that was never on disk.
class Script final : public journal::Reader {
  public:
    void request(std::int64_t arrival_us = now_us, std::string_view path = "/") {
        RequestEvent event;
        event.method = "GET";
        event.path = path;
        event.status = 200;
        entry(journal::Kind::request, arrival_us, test::encoded(event));
    }
    void entry(journal::Kind kind, std::int64_t arrival_us, std::vector<std::byte> payload) {
        journal::Step step;
        step.what = journal::Step::What::entry;
        step.entry.position = ++last_;
        step.entry.envelope.kind = kind;
        step.entry.envelope.arrival_us = arrival_us;
        step.entry.payload = payloads_.emplace_back(std::move(payload));
        step.counts[static_cast<std::size_t>(kind)] = 1;
        steps_.push_back(step);
    }
    void lost(std::uint64_t positions, std::uint64_t requests, journal::LossReason reason) {
        journal::Step step;
        step.what = journal::Step::What::lost;
        step.first = last_ + 1;
        step.last = last_ += positions;
        step.counts[static_cast<std::size_t>(journal::Kind::request)] = requests;
        step.reason = reason;
        steps_.push_back(step);
    }
    void retry() {
        journal::Step step;
        step.what = journal::Step::What::retry;
        steps_.push_back(step);
    }

    const journal::Step& next() override {
        if (steps_.empty()) return end_;
        current_ = steps_.front();
        steps_.pop_front();
        for (std::size_t kind = 0; kind < counts_.size(); ++kind) counts_[kind] += current_.counts[kind];
        if (current_.what == journal::Step::What::entry) position_ = current_.entry.position;
        if (current_.what == journal::Step::What::lost) position_ = current_.last;
        return current_;
    }
    std::uint64_t position() const override { return position_; }
    const journal::Counts& counts() const override { return counts_; }
    void release(std::uint64_t) override {}

  private:
    std::deque<std::vector<std::byte>> payloads_;
    std::deque<journal::Step> steps_;
    journal::Step current_, end_;
    journal::Counts counts_{};
    std::uint64_t position_ = 0, last_ = 0;
};

std::uint64_t dropped(const books::Cursor& cursor, books::SinkDrop reason) {
    return cursor.dropped[static_cast<std::size_t>(reason)];
}

std::size_t traces_in(std::string_view body) {
    std::size_t used = 0;
    const auto handle = msgpack::unpack(body.data(), body.size(), used);
    CHECK(used == body.size());
    return handle->via.array.size;
}

// What must hold of each cursor: as many are done with as the journal had there.
bool balanced(const books::Cursor& cursor) { return cursor.requests == cursor.delivered + cursor.dropped_total(); }

TEST_CASE("a batch that was delivered moves the cursor over all that was read, other kinds included") {
    Script script;
    for (int i = 0; i < 3; ++i) script.request();
    script.entry(journal::Kind::identity, now_us, {});
    Batch batch;
    CHECK(batch.fill(script, {}, 0) == Batch::Filled::end);
    CHECK(batch.oldest_us() == now_us);
    books::Cursor cursor;
    const auto part = batch.next(100);
    CHECK(part.chunks == 3);
    CHECK(traces_in(part.body) == 3);
    batch.delivered(part, cursor);
    CHECK(batch.settled());
    CHECK(cursor.position == 4);
    CHECK(cursor.delivered == 3);
    CHECK(balanced(cursor));
}

TEST_CASE("parts are sent one after the other, and each settles its own") {
    Script script;
    for (int i = 0; i < 5; ++i) script.request();
    Batch batch;
    batch.fill(script, {}, 0);
    books::Cursor cursor;
    CHECK(traces_in(batch.next(4).body) == 4);  // too large, say
    const auto first = batch.next(2);
    CHECK(traces_in(first.body) == 2);
    batch.delivered(first, cursor);
    CHECK(cursor.position == 2);
    CHECK(balanced(cursor));
    const auto second = batch.next(1);
    CHECK(traces_in(second.body) == 1);
    batch.refused(second, cursor);
    CHECK(dropped(cursor, books::SinkDrop::refused_by_agent) == 1);
    CHECK(cursor.position == 3);
    CHECK_FALSE(batch.settled());
    batch.delivered(batch.next(100), cursor);
    CHECK(batch.settled());
    CHECK(cursor.delivered == 4);
    CHECK(balanced(cursor));
}

TEST_CASE("what the journal lost is counted by its reason, between what is sent") {
    Script script;
    script.lost(10, 7, journal::LossReason::journal_full);
    script.request();
    script.lost(3, 3, journal::LossReason::damaged);
    script.lost(4, 2, journal::LossReason::damaged);
    script.request();
    Batch batch;
    batch.fill(script, {}, 0);
    books::Cursor cursor;
    batch.drop_old(0, cursor);
    CHECK(cursor.position == 10);
    CHECK(dropped(cursor, books::SinkDrop::journal_full) == 7);
    CHECK(balanced(cursor));
    batch.delivered(batch.next(1), cursor);
    CHECK(cursor.position == 18);
    CHECK(dropped(cursor, books::SinkDrop::damaged) == 5);
    CHECK(cursor.delivered == 1);
    CHECK(balanced(cursor));
    batch.refused(batch.next(1), cursor);
    CHECK(dropped(cursor, books::SinkDrop::refused_by_agent) == 1);
    CHECK(balanced(cursor));
}

TEST_CASE("what is too old is not sent, whether it was so when it was read or became so while waiting") {
    Script script;
    script.request(now_us - 10);
    script.request(now_us - 9);
    script.request(now_us);
    script.request(now_us + 5);
    Batch batch;
    batch.fill(script, {}, now_us - 8);
    books::Cursor cursor;
    batch.drop_old(now_us - 8, cursor);
    CHECK(dropped(cursor, books::SinkDrop::too_old) == 2);
    CHECK(cursor.position == 2);
    CHECK(batch.oldest_us() == now_us);
    batch.drop_old(now_us + 1, cursor);
    CHECK(dropped(cursor, books::SinkDrop::too_old) == 3);
    const auto part = batch.next(100);
    CHECK(traces_in(part.body) == 1);
    batch.delivered(part, cursor);
    CHECK(batch.settled());
    CHECK(balanced(cursor));
}

TEST_CASE("a payload stays within five million bytes, and the rest comes with the next batch") {
    Script script;
    const std::string path(2'000, 'p');
    for (int i = 0; i < 3'000; ++i) script.request(now_us, path);
    Batch batch;
    books::Cursor cursor;
    int payloads = 0;
    while (cursor.delivered < 3'000) {
        batch.fill(script, {}, 0);
        const auto part = batch.next(1'000'000);
        CHECK(part.body.size() <= 5'000'000);
        CHECK(traces_in(part.body) == part.chunks);
        batch.delivered(part, cursor);
        CHECK(batch.settled());
        CHECK(balanced(cursor));
        ++payloads;
    }
    CHECK(payloads == 2);
}

TEST_CASE("a journal that does not answer leaves a batch of what was read before") {
    Script script;
    script.request();
    script.retry();
    script.request();
    Batch batch;
    CHECK(batch.fill(script, {}, 0) == Batch::Filled::retry);
    CHECK_FALSE(batch.settled());
    books::Cursor cursor;
    batch.delivered(batch.next(9), cursor);
    CHECK(cursor.position == 1);
    CHECK(batch.fill(script, {}, 0) == Batch::Filled::end);
    CHECK(batch.next(9).chunks == 1);
}

}  // namespace
}  // namespace outrigger::traces
