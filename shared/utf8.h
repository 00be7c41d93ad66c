// UTF-8 as records carry it: checked, mended and cut. Used by the encoder, the decoders and the wire.
// Pure, no allocation, any thread. U+0000 counts as invalid: Postgres cannot store it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace outrigger::utf8 {

// Whether eight bytes are all in 0x01..0x7F: such a byte keeps its top bit clear, and so does the byte less one.
inline bool is_ascii(std::uint64_t eight_bytes) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    return (((eight_bytes - ones) | eight_bytes) & (ones << 7)) == 0;
}

// Whether every byte is in 0x01..0x7F.
inline bool is_ascii(std::string_view text) noexcept {
    const char* at = text.data();
    std::uint64_t word = 0;
    if (text.size() >= 8) {
        const char* last = at + text.size() - 8;
        for (; at < last; at += 8) {
            std::memcpy(&word, at, 8);
            if (!is_ascii(word)) return false;
        }
        std::memcpy(&word, last, 8);
        return is_ascii(word);
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
