#include "shared/utf8.h"

namespace outrigger::utf8 {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view cut_mark = "\xE2\x80\xA6";     // …

bool within(char byte, unsigned low, unsigned high) {
    const auto value = static_cast<unsigned char>(byte);
    return value >= low && value <= high;
}

bool all_continue(const char* at, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (!within(at[i], 0x80, 0xBF)) return false;
    }
    return true;
}

// Bytes of the character that `text` begins with; 0 when its first byte is invalid here. `text` is not empty.
std::size_t character_length(std::string_view text) {
    const auto first = static_cast<unsigned char>(text[0]);
    if (first < 0x80) return first == 0 ? 0 : 1;
    if (first < 0xC2 || first > 0xF4) return 0;
    const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (text.size() < length) return 0;
    const unsigned low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
    const unsigned high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
    return within(text[1], low, high) && all_continue(text.data() + 2, length - 2) ? length : 0;
}

bool starts_with_eight_ascii(std::string_view text) {
    if (text.size() < 8) return false;
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    return is_ascii(word);
}

// What of the text is kept, and how long the result is with its replacements and its mark.
struct Plan {
    std::size_t kept = 0;    // bytes of the text
    std::size_t length = 0;  // bytes written
    bool cut = false;
};

Plan plan(std::string_view text, std::size_t limit) {
    const std::size_t room = limit - cut_mark.size();  // when the text must be cut
    Plan to_cut{0, cut_mark.size(), true};
    std::size_t read = 0;
    std::size_t written = 0;
    while (read < text.size()) {
        const std::string_view rest = text.substr(read);
        if (written + 8 <= room && starts_with_eight_ascii(rest)) {
            read += 8;
            written += 8;
        } else {
            const std::size_t length = character_length(rest);
            read += length == 0 ? 1 : length;
            written += length == 0 ? replacement.size() : length;
        }
        if (written <= room) to_cut = {read, written + cut_mark.size(), true};
        if (written > limit) return to_cut;
    }
    return {read, written, false};
}

char* put(std::string_view bytes, char* out) {
    std::memcpy(out, bytes.data(), bytes.size());
    return out + bytes.size();
}

}  // namespace

bool is_clean_slowly(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = starts_with_eight_ascii(text) ? 8 : character_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::size_t mended_length(std::string_view text, std::size_t limit) noexcept { return plan(text, limit).length; }

std::size_t mend(std::string_view text, std::size_t limit, char* out) noexcept {
    const Plan planned = plan(text, limit);
    std::string_view rest = text.substr(0, planned.kept);
    while (!rest.empty()) {
        const std::size_t length = starts_with_eight_ascii(rest) ? 8 : character_length(rest);
        out = put(length == 0 ? replacement : rest.substr(0, length), out);
        rest.remove_prefix(length == 0 ? 1 : length);
    }
    if (planned.cut) put(cut_mark, out);
    return planned.length;
}

}  // namespace outrigger::utf8
