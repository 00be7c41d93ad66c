// UTF-8 as records carry it: checked, mended and cut. Used by the encoder, the decoders and the wire.
// Pure, no allocation, any thread. U+0000 counts as invalid: Postgres cannot store it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace outrigger::utf8 {

// Whether eight bytes are all in 0x01..0x7F: such a byte keeps its top bit clear, and so does the byte less one.
inline bool is_ascii(std::uint64_t eight_bytes) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    return (((eight_bytes - ones) | eight_bytes) & (ones << 7)) == 0;
}

// The same of 16 bytes at `at`.
inline bool is_ascii_16(const char* at) noexcept {
#if defined(__SSE2__)
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    return _mm_movemask_epi8(_mm_cmpgt_epi8(bytes, _mm_setzero_si128())) == 0xFFFF;
#else
    std::uint64_t words[2];
    std::memcpy(words, at, 16);
    return is_ascii(words[0]) && is_ascii(words[1]);
#endif
}

// Whether every byte is in 0x01..0x7F. The last step overlaps the one before it.
inline bool is_ascii(std::string_view text) noexcept {
    const char* at = text.data();
    const char* const end = at + text.size();
    if (text.size() >= 16) {
        for (; end - at > 16; at += 16) {
            if (!is_ascii_16(at)) return false;
        }
        return is_ascii_16(end - 16);
    }
    if (text.size() >= 8) {
        std::uint64_t words[2];
        std::memcpy(&words[0], at, 8);
        std::memcpy(&words[1], end - 8, 8);
        return is_ascii(words[0]) && is_ascii(words[1]);
    }
    for (const char byte : text) {
        if (static_cast<signed char>(byte) <= 0) return false;
    }
    return true;
}

// Strict UTF-8 (Unicode 15, table 3-7: no overlong form, no surrogate, nothing beyond U+10FFFF) without U+0000.
bool is_clean_slowly(std::string_view text) noexcept;
inline bool is_clean(std::string_view text) noexcept { return is_ascii(text) || is_clean_slowly(text); }

// What mend() would write. Reads little more than `limit` bytes, however long the text.
std::size_t mended_length(std::string_view text, std::size_t limit) noexcept;

// Writes the text with each invalid byte (U+0000 too) as U+FFFD; when that is longer than `limit` (>= 3), it is cut
// between two characters and ends in "…", all within the limit. Returns the bytes written; clean text is copied.
std::size_t mend(std::string_view text, std::size_t limit, char* out) noexcept;

}  // namespace outrigger::utf8
