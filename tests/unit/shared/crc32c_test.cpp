#include "shared/crc32c.h"

#include <doctest/doctest.h>

#include <random>
#include <string_view>
#include <vector>

namespace outrigger {
namespace {

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("crc32c gives the published values, by instruction and by table") {
    // RFC 3720, appendix B.4, and the check value of the catalogue of CRC algorithms
    std::vector<std::byte> zeros(32), ones(32, std::byte{0xFF}), rising(32), falling(32);
    for (unsigned i = 0; i < 32; ++i) {
        rising[i] = static_cast<std::byte>(i);
        falling[i] = static_cast<std::byte>(31 - i);
    }
    struct {
        Bytes bytes;
        std::uint32_t crc;
    } const vectors[] = {
        {bytes_of(""), 0},           {bytes_of("123456789"), 0xE3069283},
        {zeros, 0x8A9136AA},         {ones, 0x62A8AB43},
        {rising, 0x46DD794E},        {falling, 0x113FDB5C},
        {bytes_of("a"), 0xC1D04330},
    };
    for (const auto& vector : vectors) {
        CHECK(crc32c(vector.bytes) == vector.crc);
        CHECK(crc32c_by_table(vector.bytes) == vector.crc);
    }
}

TEST_CASE("crc32c continues over any cut, and both ways agree at any length and alignment") {
    std::mt19937 random(7);
    std::vector<std::byte> bytes(300);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xFF);
    for (std::size_t from = 0; from < 9; ++from) {
        for (std::size_t length = 0; from + length <= bytes.size(); ++length) {
            const Bytes whole(bytes.data() + from, length);
            const std::uint32_t expected = crc32c_by_table(whole);
            REQUIRE(crc32c(whole) == expected);
            const std::size_t cut = length / 3;
            REQUIRE(crc32c(whole.subspan(cut), crc32c(whole.first(cut))) == expected);
            REQUIRE(crc32c_by_table(whole.subspan(cut), crc32c_by_table(whole.first(cut))) == expected);
        }
    }
}

}  // namespace outrigger
