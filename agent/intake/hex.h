// Ids as JSON lines bring them: hex digits of either case, exactly as many as the bytes want. Used by their parsers.
// Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace outrigger::intake {

bool read_hex(std::string_view digits, std::span<std::uint8_t> bytes);  // false: not those; `bytes` may be changed
bool read_hex(std::string_view digits, std::uint64_t& number);          // 16 digits

}  // namespace outrigger::intake
