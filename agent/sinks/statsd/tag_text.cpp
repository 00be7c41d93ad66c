#include "agent/sinks/statsd/tag_text.h"

#include <algorithm>

#include "shared/utf8.h"

namespace outrigger::statsd {
namespace {

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool means_something(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= ' ' || byte == 0x7f || c == '|' || c == ',' || c == '#' || c == '@';
}

// At most so many bytes, and no half of a character at the end.
std::string_view cut(std::string_view text) {
    if (text.size() <= greatest_text_bytes) return text;
    std::size_t end = greatest_text_bytes;
    while (end > greatest_text_bytes - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return text.substr(0, end);
}

}  // namespace

void append_tag_value(std::string& out, std::string_view value) {
    const std::string_view text = cut(value);
    const bool clean = utf8::is_clean(text);
    for (const char c : text) {
        const bool foreign = !clean && static_cast<unsigned char>(c) >= 0x80;
        out += means_something(c) || foreign ? '_' : c;
    }
}

void append_name_part(std::string& out, std::string_view text) {
    if (text.empty()) out += '_';
    for (const char c : text.substr(0, greatest_text_bytes)) out += is_name_character(c) ? c : '_';
}

}  // namespace outrigger::statsd
