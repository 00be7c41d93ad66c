#include "shared/trace_ids.h"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <string>

using namespace outrigger;

namespace {

template <std::size_t size>
std::string text(const std::array<char, size>& characters) {
    return {characters.data(), characters.size()};
}

}  // namespace

TEST_CASE("a trace id is the second it was made in and 63 random bits") {
    IdSource source(1);
    std::set<std::uint64_t> lows;
    for (int i = 0; i < 10'000; ++i) {
        const TraceId id = make_trace_id(source, 1'763'800'000);
        REQUIRE(high_half(id) == (1'763'800'000ULL << 32));
        REQUIRE((low_half(id) >> 63) == 0);
        REQUIRE(low_half(id) != 0);
        lows.insert(low_half(id));
    }
    CHECK(lows.size() == 10'000);
}

TEST_CASE("span ids are 63 bits wide, all of them used, and none is 0") {
    IdSource source(2);
    std::uint64_t seen = 0;
    std::uint64_t always = ~std::uint64_t{0};
    for (int i = 0; i < 10'000; ++i) {
        const std::uint64_t id = make_span_id(source);
        REQUIRE(id != 0);
        seen |= id;
        always &= id;
    }
    CHECK(seen == (~std::uint64_t{0} >> 1));
    CHECK(always == 0);
}

TEST_CASE("the generator is xoshiro256++ over splitmix64, so a seed says everything") {
    IdSource source(0);
    CHECK(source.next() == 0x53175d61490b23df);
    CHECK(source.next() == 0x61da6f3dc380d507);
    CHECK(source.next() == 0x5c0fdf91ec9a7bfc);
    IdSource one(42);
    IdSource other(43);
    CHECK(one.next() != other.next());
}

TEST_CASE("sources that chose their own seed differ, in one process and across a fork") {
    IdSource first;
    IdSource second;
    const std::uint64_t parents = first.next();
    CHECK(parents != second.next());

    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const std::uint64_t id = IdSource().next();
        ::_exit(::write(ends[1], &id, sizeof id) == sizeof id ? 0 : 1);
    }
    std::uint64_t childs = 0;
    CHECK(::read(ends[0], &childs, sizeof childs) == sizeof childs);
    ::waitpid(child, nullptr, 0);
    ::close(ends[0]);
    ::close(ends[1]);
    CHECK(childs != IdSource().next());
    CHECK(childs != parents);
}

TEST_CASE("ids are written as 16 and 32 lower-case digits, the upper half first") {
    CHECK(text(to_hex(std::uint64_t{0x0123456789abcdef})) == "0123456789abcdef");
    CHECK(text(to_hex(std::uint64_t{0})) == "0000000000000000");
    const TraceId id = to_trace_id(0x0af7651916cd43dd, 0x8448eb211c80319c);
    CHECK(id[0] == 0x0a);
    CHECK(id[15] == 0x9c);
    CHECK(high_half(id) == 0x0af7651916cd43dd);
    CHECK(low_half(id) == 0x8448eb211c80319c);
    CHECK(text(to_hex(id)) == "0af7651916cd43dd8448eb211c80319c");
}

TEST_CASE("digits are read whole or not at all, and in upper case only where that is allowed") {
    CHECK(parse_hex_id("0123456789abcdef", HexCase::lower) == 0x0123456789abcdef);
    CHECK(parse_hex_id("FFFFFFFFFFFFFFFF", HexCase::either) == ~std::uint64_t{0});
    CHECK(parse_hex_id("0000000000000000", HexCase::lower) == 0);
    for (const char* bad : {"", "0123456789abcde", "0123456789abcdef0", "0123456789abcdeg", " 123456789abcdef",
                            "0x23456789abcdef", "-123456789abcdef", "0123456789abcde\n", "/123456789abcdef",
                            ":123456789abcdef", "@123456789abcdef", "`123456789abcdef"}) {
        CAPTURE(bad);
        CHECK(parse_hex_id(bad, HexCase::either) == std::nullopt);
    }
    // Each character at each place.
    for (std::size_t place = 0; place < 16; ++place)
        for (int character = 0; character < 256; ++character) {
            std::string text(16, '7');
            text[place] = static_cast<char>(character);
            const bool lower = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'f');
            const bool either = lower || (character >= 'A' && character <= 'F');
            CHECK(parse_hex_id(text, HexCase::lower).has_value() == lower);
            CHECK(parse_hex_id(text, HexCase::either).has_value() == either);
        }
    CHECK(parse_hex_id("0123456789ABCDEF", HexCase::lower) == std::nullopt);
    CHECK(parse_hex_trace_id("0AF7651916CD43DD8448eb211c80319c", HexCase::either) ==
          to_trace_id(0x0af7651916cd43dd, 0x8448eb211c80319c));
    CHECK(parse_hex_trace_id("0AF7651916CD43DD8448eb211c80319c", HexCase::lower) == std::nullopt);
    CHECK(parse_hex_trace_id("0af7651916cd43dd8448eb211c80319", HexCase::either) == std::nullopt);
    CHECK(parse_hex_trace_id("0af7651916cd43dd8448eb211c80319cc", HexCase::either) == std::nullopt);
    CHECK(parse_hex_trace_id("0af7651916cd43dz8448eb211c80319c", HexCase::either) == std::nullopt);
}
