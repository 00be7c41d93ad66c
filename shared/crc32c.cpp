#include "shared/crc32c.h"

#include <array>
#include <utility>

#include "shared/little_endian.h"

#if defined(__x86_64__)
#include <nmmintrin.h>
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace outrigger {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected

// tables[0] advances by one byte, tables[n] by n more zero bytes, so that eight bytes go in one step.
constexpr auto tables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> result{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        result[0][byte] = crc;
    }
    for (std::size_t table = 1; table < 8; ++table) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = result[table - 1][byte];
            result[table][byte] = (before >> 8) ^ result[0][before & 0xFF];
        }
    }
    return result;
}();

#if defined(__x86_64__)
#define OUTRIGGER_CRC_INSTRUCTION
bool has_instruction() { return __builtin_cpu_supports("sse4.2") != 0; }

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(Bytes bytes, std::uint32_t crc) noexcept {
    std::uint64_t state = ~crc;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) state = _mm_crc32_u64(state, load<std::uint64_t>(at));
    auto narrow = static_cast<std::uint32_t>(state);
    // Each step waits for the one before it, so the end is taken in as few as there can be.
    if ((left & 4) != 0) narrow = _mm_crc32_u32(narrow, load<std::uint32_t>(std::exchange(at, at + 4)));
    if ((left & 2) != 0) narrow = _mm_crc32_u16(narrow, load<std::uint16_t>(std::exchange(at, at + 2)));
    if ((left & 1) != 0) narrow = _mm_crc32_u8(narrow, load<std::uint8_t>(at));
    return ~narrow;
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#define OUTRIGGER_CRC_INSTRUCTION
constexpr bool has_instruction() { return true; }

std::uint32_t by_instruction(Bytes bytes, std::uint32_t crc) noexcept {
    std::uint32_t state = ~crc;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) state = __crc32cd(state, load<std::uint64_t>(at));
    for (; left > 0; ++at, --left) state = __crc32cb(state, std::to_integer<std::uint8_t>(*at));
    return ~state;
}
#endif

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t crc) noexcept {
#if defined(OUTRIGGER_CRC_INSTRUCTION)
    if (has_instruction()) return by_instruction(bytes, crc);
#endif
    return crc32c_by_table(bytes, crc);
}

std::uint32_t crc32c_by_table(Bytes bytes, std::uint32_t crc) noexcept {
    std::uint32_t state = ~crc;
    const std::byte* at = bytes.data();
    std::size_t left = bytes.size();
    for (; left >= 8; at += 8, left -= 8) {
        const std::uint64_t word = load<std::uint64_t>(at) ^ state;
        state = 0;
        for (std::size_t byte = 0; byte < 8; ++byte) state ^= tables[7 - byte][(word >> (8 * byte)) & 0xFF];
    }
    for (; left > 0; ++at, --left)
        state = (state >> 8) ^ tables[0][(state ^ std::to_integer<std::uint32_t>(*at)) & 0xFF];
    return ~state;
}

}  // namespace outrigger
