#include "agent/journal/writer.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <numeric>
#include <thread>

#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {
namespace {

Batch batch_of(std::uint64_t first, std::uint64_t last) {
    Batch batch;
    if (first == 1) batch.introduce(1, some_identity("shop"));
    add_requests(batch, 1, first, last);
    batch.add_receipt({3, last});
    return batch;
}

void offer(Writer& writer, Batch& batch) {
    while (!writer.offer(batch)) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a batch is seen by readers, then folded between begin and end, then acknowledged") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    std::string order;
    std::promise<void> done;
    WriterHooks hooks;
    hooks.batch_begins = [&] { order += journal->mark().position == 4 ? "seen begin " : "unseen begin "; };
    hooks.kept = [&](const Entry& entry) {
        order += std::to_string(entry.position) + (entry.identity->service == "shop" ? " " : "? ");
    };
    hooks.batch_ends = [&] { order += "end "; };
    hooks.acknowledged = [&](std::span<const Receipt> receipts) {
        for (const auto& receipt : receipts)
            order += std::to_string(receipt.connection) + ":" + std::to_string(receipt.number);
        done.set_value();
    };
    Writer writer(*journal, 1, {}, hooks);
    Batch batch = batch_of(1, 3);
    REQUIRE(writer.offer(batch));
    CHECK(batch.empty());
    done.get_future().wait();
    CHECK(order == "seen begin 1 2 3 4 end 3:3");
    CHECK(writer.stop(std::chrono::seconds(5)));
    CHECK_FALSE(writer.offer(batch));
}

TEST_CASE(
    "an entry of the agent's own is kept while nobody offers a batch, before the next one otherwise, unacknowledged") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    std::string order;
    std::promise<void> alone;
    WriterHooks hooks;
    hooks.kept = [&](const Entry& entry) {
        order += entry.envelope.kind == Kind::flush ? (entry.identity == nullptr ? "own " : "own? ")
                                                    : std::to_string(entry.envelope.number) + " ";
    };
    hooks.batch_ends = [&, ended = false]() mutable {
        order += "end ";
        if (!std::exchange(ended, true)) alone.set_value();
    };
    hooks.acknowledged = [&](std::span<const Receipt> receipts) {
        order += "acknowledged " + std::to_string(receipts.size());
    };
    Writer writer(*journal, 1, {}, hooks);
    REQUIRE(writer.add_own({.kind = Kind::flush}, as_payload("one")));
    alone.get_future().wait();
    CHECK(order == "own end ");
    order.clear();
    Batch batch = batch_of(1, 2);
    REQUIRE(writer.add_own({.kind = Kind::flush}, as_payload("two")));
    REQUIRE(writer.offer(batch));
    CHECK(writer.stop(std::chrono::seconds(5)));
    CHECK_FALSE(writer.add_own({.kind = Kind::flush}, as_payload("three")));
    if (order.starts_with("own end ")) order.erase(4, 4);  // it was kept by itself
    CHECK(order == "own 0 1 2 end acknowledged 1");
    CHECK(journal->mark().position == 5);
    CHECK(read_out(*opened(folder.settings())).numbers == numbers(1, 2));
}

TEST_CASE("stopping keeps what was offered") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    std::uint64_t folded = 0;
    {
        WriterHooks hooks;
        hooks.kept = [&](const Entry&) { ++folded; };
        Writer writer(*journal, 1, {}, hooks);
        for (std::uint64_t number = 1; number <= 2000; number += 20) {
            Batch batch = batch_of(number, number + 19);
            offer(writer, batch);
        }
        CHECK(writer.stop(std::chrono::seconds(5)));
    }
    CHECK(folded == journal->mark().position);
    CHECK(requests(journal->mark().counts) == 2000);
    CHECK(read_out(*opened(folder.settings())).numbers == numbers(1, 2000));
}

TEST_CASE("who waits is woken when the mark is beyond what it waits for, whatever others wait for") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    constexpr auto patience = std::chrono::seconds(5);
    const auto seconds_until_beyond = [&](std::uint64_t position) {
        const auto start = std::chrono::steady_clock::now();
        CHECK(journal->wait_beyond(position, start + patience).position > position);
        return std::chrono::steady_clock::now() - start;
    };
    Writer writer(*journal, 1, {}, {});
    auto near = std::async(std::launch::async, seconds_until_beyond, 5);
    auto nearer = std::async(std::launch::async, seconds_until_beyond, 2);
    auto far = std::async(std::launch::async, seconds_until_beyond, 3000);
    for (std::uint64_t number = 1; number <= 10; number += 2) {
        Batch batch = batch_of(number, number + 1);
        offer(writer, batch);
    }
    CHECK(near.get() < patience);
    CHECK(nearer.get() < patience);
    CHECK(far.wait_for(std::chrono::milliseconds(0)) == std::future_status::timeout);
    for (std::uint64_t number = 11; number <= 3011; number += 100) {
        Batch batch = batch_of(number, number + 99);
        offer(writer, batch);
    }
    CHECK(far.get() < patience);
}

TEST_CASE("readers follow a running writer, each at its own pace, and see everything once") {
    const TestFolder folder;
    const auto journal = opened(folder.settings());
    constexpr std::uint64_t last = 6000;
    const auto follow = [&](std::size_t pause_each) {
        const auto reader = journal->read_from(0);
        std::vector<std::uint64_t> seen;
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (seen.size() < last && std::chrono::steady_clock::now() < deadline) {
            const Step& step = reader->next();
            if (step.what == Step::What::end) journal->wait_beyond(reader->position(), deadline);
            if (step.what != Step::What::entry || step.entry.envelope.kind != Kind::request) continue;
            seen.push_back(step.entry.envelope.number);
            if (seen.size() % pause_each == 0) std::this_thread::yield();
        }
        return seen;
    };
    Writer writer(*journal, 1, {}, {});
    auto fast = std::async(std::launch::async, follow, last);
    auto slow = std::async(std::launch::async, follow, 3);
    for (std::uint64_t number = 1; number <= last; number += 5) {
        Batch batch = batch_of(number, number + 4);
        offer(writer, batch);
        journal->apply_retention({});
    }
    CHECK(fast.get() == numbers(1, last));
    CHECK(slow.get() == numbers(1, last));
    const auto status = journal->status();
    CHECK(status.durable);
    CHECK(status.sync_count == last / 5);
    CHECK(std::accumulate(status.sync_buckets.begin(), status.sync_buckets.end(), std::uint64_t{0}) == last / 5);
}

}  // namespace outrigger::journal
