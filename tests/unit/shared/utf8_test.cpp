#include "shared/utf8.h"

#include <doctest/doctest.h>

#include <string>

namespace outrigger::utf8 {
namespace {

using namespace std::string_view_literals;

std::string mended(std::string_view text, std::size_t limit = 100) {
    std::string out(mended_length(text, limit) + 1, '#');
    const std::size_t length = mend(text, limit, out.data());
    CHECK(length == out.size() - 1);
    CHECK(out.back() == '#');
    out.resize(length);
    return out;
}

}  // namespace

TEST_CASE("what is UTF-8 and what is not, at each place in a text") {
    struct {
        std::string_view text;
        bool clean;
    } const table[] = {
        {"", true},
        {"a", true},
        {"\x7F", true},
        {"\xC2\x80", true},          // U+0080, the least of two bytes
        {"\xDF\xBF", true},          // U+07FF
        {"\xE0\xA0\x80", true},      // U+0800
        {"\xED\x9F\xBF", true},      // U+D7FF, before the surrogates
        {"\xEE\x80\x80", true},      // U+E000, behind them
        {"\xEF\xBF\xBF", true},      // U+FFFF
        {"\xF0\x90\x80\x80", true},  // U+10000
        {"\xF4\x8F\xBF\xBF", true},  // U+10FFFF
        {"\0"sv, false},
        {"\x80", false},  // continues nothing
        {"\xBF", false},
        {"\xC0\x80", false},  // overlong U+0000
        {"\xC1\xBF", false},  // overlong
        {"\xC2", false},      // breaks off
        {"\xC2\x41", false},
        {"\xC2\xC2\x80", false},
        {"\xE0\x9F\xBF", false},  // overlong
        {"\xE1\x80", false},
        {"\xE1\x80\x41", false},
        {"\xED\xA0\x80", false},  // a surrogate
        {"\xED\xBF\xBF", false},
        {"\xF0\x8F\xBF\xBF", false},  // overlong
        {"\xF1\x80\x80", false},
        {"\xF1\x80\x80\xC0", false},
        {"\xF4\x90\x80\x80", false},  // beyond U+10FFFF
        {"\xF5\x80\x80\x80", false},
        {"\xFE", false},
        {"\xFF", false},
    };
    for (const auto& [text, clean] : table) {
        // in front of, behind and between texts of each length that the wide steps meet
        for (std::size_t before = 0; before < 40; ++before) {
            for (const std::size_t after : {0, 1, 7, 8, 9, 16, 33}) {
                const std::string whole = std::string(before, 'x') + std::string(text) + std::string(after, 'y');
                CAPTURE(whole);
                REQUIRE(is_clean(whole) == clean);
                REQUIRE((mended(whole) == whole) == clean);
            }
        }
    }
}

TEST_CASE("only bytes from 0x01 to 0x7F are plain") {
    for (std::size_t size = 0; size < 70; ++size) {
        CHECK(is_ascii(std::string(size, '\x01')));
        CHECK(is_ascii(std::string(size, '\x7F')));
        for (std::size_t at = 0; at < size; ++at) {
            for (const char byte : {'\0', '\x80', '\xFF'}) {
                std::string text(size, 'x');
                text[at] = byte;
                REQUIRE_FALSE(is_ascii(text));
            }
        }
    }
}

TEST_CASE("each invalid byte becomes U+FFFD, and so does U+0000") {
    CHECK(mended("a\xFF"
                 "b") == "a\uFFFDb");
    CHECK(mended("a\0b"sv) == "a\uFFFDb");
    CHECK(mended("\xE2\x82") == "\uFFFD\uFFFD");
    CHECK(mended("\xE2\x82"
                 "A") == "\uFFFD\uFFFDA");
    CHECK(mended("\xED\xA0\x80") == "\uFFFD\uFFFD\uFFFD");
    CHECK(mended("\xC3\xC3\xA9") == "\uFFFDé");
    CHECK(mended("größe \xF0\x9F\x8D\x8F") == "größe 🍏");
}

TEST_CASE("a text beyond its limit is cut between characters, and its mark is within the limit") {
    CHECK(mended("12345678", 8) == "12345678");
    CHECK(mended("123456789", 8) == "12345…");
    CHECK(mended("1234ééé", 8) == "1234…");  // é would end at 6
    CHECK(mended("123éééé", 8) == "123é…");
    CHECK(mended("12🍏34567", 8) == "12…");  // the fruit would end at 6
    CHECK(mended("🍏🍏🍏", 8) == "🍏…");
    CHECK(mended("🍏🍏", 8) == "🍏🍏");
    CHECK(mended("\xFF\xFF", 8) == "\uFFFD\uFFFD");
    CHECK(mended("\xFF\xFF\xFF", 8) == "\uFFFD…");  // longer once it is mended
    CHECK(mended("🍏", 3) == "…");
    CHECK(mended("abc", 3) == "abc");
    CHECK(mended(std::string(1'000'000, 'x'), 64) == std::string(61, 'x') + "…");
}

}  // namespace outrigger::utf8
