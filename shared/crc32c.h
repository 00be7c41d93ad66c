// CRC-32C (Castagnoli), by the processor's instruction where there is one. Used by ring and journal. Pure, any thread.
#pragma once

#include <cstdint>

#include "shared/record.h"

namespace outrigger {

// Continues `crc`, so that crc32c(b, crc32c(a)) is that of a followed by b; crc32c of "123456789" is 0xE3069283.
std::uint32_t crc32c(Bytes bytes, std::uint32_t crc = 0) noexcept;

// The same without the instruction: what crc32c() falls back to, and what tests compare it with.
std::uint32_t crc32c_by_table(Bytes bytes, std::uint32_t crc = 0) noexcept;

}  // namespace outrigger
