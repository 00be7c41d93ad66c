#include "shared/emitter/identifiers.h"

#include <doctest/doctest.h>

#include <set>

using namespace outrigger;

namespace {

std::uint64_t half(const TraceId& id, std::size_t from) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < 8; ++i) value = value << 8 | id[from + i];
    return value;
}

}  // namespace

TEST_CASE("a trace id begins with the second it was made in, and ends in 63 random bits") {
    const TraceId id = make_trace_id(12345, 1, 0x69213F00);
    CHECK(half(id, 0) == 0x69213F00'00000000);
    CHECK(half(id, 8) != 0);
    CHECK((half(id, 8) >> 63) == 0);
    CHECK(make_trace_id(12345, 1, 0x69213F00) == id);
    CHECK(make_trace_id(12346, 1, 0x69213F00) != id);
}

TEST_CASE("the numbers of a ring never share an id, and spread over all bits") {
    std::set<std::uint64_t> seen;
    std::uint64_t all = 0;
    for (std::uint64_t number = 1; number <= 20'000; ++number) {
        const std::uint64_t trace = half(make_trace_id(7, number, 0), 8);
        const std::uint64_t span = make_span_id(7, number);
        seen.insert(trace);
        seen.insert(span);
        all |= trace | span;
    }
    CHECK(seen.size() == 40'000);
    CHECK(all == ~std::uint64_t{0} >> 1);
}

TEST_CASE("no two incarnations have the same id") {
    std::set<EmitterId> ids;
    for (int i = 0; i < 1000; ++i) ids.insert(make_emitter_id());
    CHECK(ids.size() == 1000);
    CHECK_FALSE(ids.contains(EmitterId{}));
}
