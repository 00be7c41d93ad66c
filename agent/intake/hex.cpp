#include "agent/intake/hex.h"

#include <array>

namespace outrigger::intake {
namespace {

constexpr std::uint8_t no_digit = 255;

constexpr std::array<std::uint8_t, 256> hex_digits = [] {
    std::array<std::uint8_t, 256> digits{};
    digits.fill(no_digit);
    for (std::uint8_t value = 0; value < 16; ++value) {
        digits[static_cast<std::uint8_t>("0123456789abcdef"[value])] = value;
        digits[static_cast<std::uint8_t>("0123456789ABCDEF"[value])] = value;
    }
    return digits;
}();

}  // namespace

bool read_hex(std::string_view digits, std::span<std::uint8_t> bytes) {
    if (digits.size() != bytes.size() * 2) return false;
    std::uint8_t all = 0;  // a digit is below 16
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const std::uint8_t high = hex_digits[static_cast<std::uint8_t>(digits[2 * i])];
        const std::uint8_t low = hex_digits[static_cast<std::uint8_t>(digits[2 * i + 1])];
        all |= high | low;
        bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return all < 16;
}

bool read_hex(std::string_view digits, std::uint64_t& number) {
    std::array<std::uint8_t, sizeof number> bytes{};
    if (!read_hex(digits, bytes)) return false;
    number = 0;
    for (const auto byte : bytes) number = number << 8 | byte;
    return true;
}

}  // namespace outrigger::intake
