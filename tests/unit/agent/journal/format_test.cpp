#include "agent/journal/format.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {

TEST_CASE("a segment's name is its id, and nothing else is a segment's name") {
    CHECK(segment_name(0x1f) == "000000000000001f.seg");
    CHECK(parse_segment_name("000000000000001f.seg") == 0x1f);
    for (const auto* name : {"1f.seg", "000000000000001F.seg", "000000000000001f.seg.new", "00000000000000-1.seg", "",
                             "000000000000001g.seg", "000000000000001f.sig"})
        CHECK_MESSAGE(!parse_segment_name(name), name);
}

TEST_CASE("a header is read from either copy") {
    Header header{.id = 5, .generation = 2};
    header.uuid[0] = 1;
    header.continues[15] = 2;
    header.first = 100;
    header.created_us = -7;
    header.before = {0, 60, 30, 1, 2, 3, 2, 1};
    std::vector<std::byte> bytes;
    append(bytes, header);
    REQUIRE(bytes.size() == header_bytes);
    for (const std::size_t damaged : {header_bytes, std::size_t{16}, header_copy_bytes + 16}) {
        auto image = bytes;
        if (damaged < image.size()) image[damaged] ^= std::byte{1};
        const auto parsed = parse_header(image);
        REQUIRE(parsed);
        CHECK(parsed->damaged == (damaged < image.size()));
        CHECK(parsed->header.id == 5);
        CHECK(parsed->header.generation == 2);
        CHECK(parsed->header.uuid == header.uuid);
        CHECK(parsed->header.continues == header.continues);
        CHECK(parsed->header.first == 100);
        CHECK(parsed->header.created_us == -7);
        CHECK(parsed->header.before == header.before);
    }
    CHECK_FALSE(parse_header(Bytes(bytes).first(header_bytes - 1)));
    CHECK_FALSE(parse_header(std::vector<std::byte>(header_bytes)));
}

TEST_CASE("an entry of one segment is no entry of another, at any ordinal") {
    std::vector<std::byte> entry;
    append_entry(entry, {.number = 3}, as_payload("payload"));
    const std::uint32_t seed = checksum_seed({.id = 1});
    stamp(entry.data(), 4, true, seed);
    const auto head = parse_head(entry.data());
    REQUIRE(head);
    CHECK(head->ordinal == 4);
    CHECK(head->last_of_batch);
    CHECK(validates(entry.data(), *head, seed));
    for (std::uint64_t id = 0; id < 1000; ++id)
        if (id != 1) REQUIRE_FALSE(validates(entry.data(), *head, checksum_seed({.id = id})));
    Header other{.id = 1};
    other.uuid[0] = 1;
    CHECK_FALSE(validates(entry.data(), *head, checksum_seed(other)));
    stamp(entry.data(), 5, false, seed);  // stamped anew, as after an error
    CHECK_FALSE(parse_head(entry.data())->last_of_batch);
    CHECK(validates(entry.data(), *parse_head(entry.data()), seed));
}

TEST_CASE("payloads of the other kinds come back as they went in, and no other length is taken") {
    std::vector<std::byte> bytes;
    append(bytes, DropTotal{DropReason::timeout, 17});
    const auto total = parse_drop_total(bytes);
    REQUIRE(total);
    CHECK(total->reason == DropReason::timeout);
    CHECK(total->total == 17);
    CHECK_FALSE(parse_drop_total(Bytes(bytes).first(8)));
    bytes[0] = static_cast<std::byte>(DropReason::count_);
    CHECK_FALSE(parse_drop_total(bytes));

    bytes.clear();
    RefusedRun run{3, 9, {}};
    run.by_reason[static_cast<std::size_t>(Refusal::unexpected)] = 7;
    append(bytes, run);
    const auto refused = parse_refused_run(bytes);
    REQUIRE(refused);
    CHECK(refused->first == 3);
    CHECK(refused->last == 9);
    CHECK(refused->by_reason == run.by_reason);
    bytes.push_back({});
    CHECK_FALSE(parse_refused_run(bytes));

    bytes.clear();
    append(bytes, TornRun{4, 5, Missing::gap});
    const auto torn = parse_torn_run(bytes);
    REQUIRE(torn);
    CHECK(torn->first == 4);
    CHECK(torn->last == 5);
    CHECK(torn->reason == Missing::gap);
    bytes.back() = std::byte{2};
    CHECK_FALSE(parse_torn_run(bytes));

    bytes.clear();
    append(bytes, Flush{FlushStep::end, 1, 2, 3, 4});
    const auto flush = parse_flush(bytes);
    REQUIRE(flush);
    CHECK(flush->step == FlushStep::end);
    CHECK(flush->id == 1);
    CHECK(flush->delivered == 2);
    CHECK(flush->unsent == 3);
    CHECK(flush->unsent_metrics == 4);
    CHECK_FALSE(parse_flush(Bytes(bytes).first(32)));
    bytes.front() = std::byte{4};
    CHECK_FALSE(parse_flush(bytes));

    bytes.clear();
    append(bytes, some_identity("shop"));
    const auto identity = parse_identity(bytes);
    REQUIRE(identity);
    CHECK(identity->service == "shop");
    CHECK(identity->uid == 1000);
    CHECK(identity->pid == 42);
    CHECK_FALSE(parse_identity(Bytes(bytes).first(3)));
    CHECK_FALSE(parse_identity(Bytes(bytes).first(bytes.size() - 1)));
}

}  // namespace outrigger::journal
