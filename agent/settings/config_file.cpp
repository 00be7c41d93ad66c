#include "agent/settings/config_file.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

#include "agent/settings/masked.h"

namespace outrigger::settings {
namespace {

// Walks over the text once. Each reader below stops at the first character that it does not want.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {
        if (text_.starts_with("\xEF\xBB\xBF")) text_.remove_prefix(3);
    }

    std::expected<std::vector<ConfigEntry>, ConfigError> entries();

  private:
    bool entry(std::vector<ConfigEntry>& entries);
    std::optional<std::string> key();
    std::optional<std::string> value();
    std::optional<std::string> array();
    std::optional<std::string> basic_string();
    std::optional<std::string> literal_string();
    std::optional<std::string> bare_value();
    bool escape(std::string& into);
    bool code_point(std::size_t digits, std::string& into);

    char peek() const { return text_.empty() ? '\0' : text_.front(); }
    char take() {
        const char c = text_.front();
        text_.remove_prefix(1);
        if (c == '\n') ++line_;
        return c;
    }
    bool take_if(char c) {
        if (text_.empty() || text_.front() != c) return false;
        take();
        return true;
    }
    void skip_blanks() {
        while (peek() == ' ' || peek() == '\t') take();
    }
    void skip_comment() {
        if (peek() != '#') return;
        while (!text_.empty() && peek() != '\n') take();
    }
    bool end_of_line() {
        skip_blanks();
        skip_comment();
        take_if('\r');
        return text_.empty() || take_if('\n');
    }
    void skip_blank_lines() {
        while (!text_.empty()) {
            skip_blanks();
            skip_comment();
            if (peek() != '\r' && peek() != '\n') return;
            take();
        }
    }
    std::string_view take_while(bool (*wanted)(char)) {
        const auto end = std::ranges::find_if_not(text_, wanted);
        const auto taken = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
        text_.remove_prefix(taken.size());
        return taken;
    }
    template <class Result = std::optional<std::string>>
    Result fail(std::string what) {
        if (what_.empty()) what_ = std::move(what);
        return Result{};
    }

    std::string_view text_;
    std::size_t line_ = 1;
    std::string what_;
};

bool is_bare(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_value_character(char c) { return is_bare(c) || c == '+' || c == '.'; }

std::expected<std::vector<ConfigEntry>, ConfigError> Reader::entries() {
    std::vector<ConfigEntry> entries;
    for (skip_blank_lines(); !text_.empty(); skip_blank_lines()) {
        if (!entry(entries)) return std::unexpected(ConfigError{line_, what_});
    }
    return entries;
}

bool Reader::entry(std::vector<ConfigEntry>& entries) {
    const std::size_t line = line_;
    if (peek() == '[') return fail<bool>("tables are not used here: write `key = value`");
    auto name = key();
    if (!name) return false;
    skip_blanks();
    if (!take_if('=')) return fail<bool>("expected `=` after the key");
    skip_blanks();
    auto given = value();
    if (!given) return fail<bool>("expected a value for '" + printable(*name) + "'");
    const std::size_t last_line = line_;
    if (!end_of_line()) return fail<bool>("expected the end of the line after the value of '" + printable(*name) + "'");
    if (std::ranges::find(entries, *name, &ConfigEntry::key) != entries.end()) {
        line_ = last_line;
        return fail<bool>("'" + printable(*name) + "' is there twice");
    }
    entries.push_back({std::move(*name), std::move(*given), line});
    return true;
}

std::optional<std::string> Reader::key() {
    if (take_if('"')) return basic_string();
    if (take_if('\'')) return literal_string();
    const auto name = take_while(is_bare);
    if (name.empty()) return fail("expected a key");
    return std::string(name);
}

std::optional<std::string> Reader::value() {
    if (text_.starts_with("\"\"\"") || text_.starts_with("'''")) return fail("a string must stay on one line");
    if (take_if('"')) return basic_string();
    if (take_if('\'')) return literal_string();
    if (take_if('[')) return array();
    return bare_value();
}

std::optional<std::string> Reader::array() {
    std::string joined;
    for (bool first = true;; first = false) {
        skip_blank_lines();
        if (take_if(']')) return joined;
        if (peek() == '[') return fail("an array in an array is not used here");
        const auto element = value();
        if (!element) return fail("expected a value or `]` in the array");
        joined += (first ? "" : ",") + *element;
        skip_blank_lines();
        if (!take_if(',') && peek() != ']') return fail("expected `,` or `]` in the array");
    }
}

std::optional<std::string> Reader::literal_string() {
    const auto content = take_while([](char c) { return c != '\'' && c != '\n'; });
    if (!take_if('\'')) return fail("a string is not closed");
    return std::string(content);
}

std::optional<std::string> Reader::basic_string() {
    std::string content;
    for (;;) {
        content += take_while([](char c) { return c != '"' && c != '\\' && c != '\n'; });
        if (take_if('"')) return content;
        if (!take_if('\\')) return fail("a string is not closed");
        if (!escape(content)) return fail("a string holds an unknown escape; 'single quotes' take \\ as it is");
    }
}

bool Reader::escape(std::string& into) {
    constexpr std::string_view letters = "btnfr\"\\";
    constexpr std::string_view meanings = "\b\t\n\f\r\"\\";
    if (take_if('u')) return code_point(4, into);
    if (take_if('U')) return code_point(8, into);
    const auto which = text_.empty() ? letters.npos : letters.find(peek());
    if (which == letters.npos) return false;
    take();
    into += meanings[which];
    return true;
}

bool Reader::code_point(std::size_t digits, std::string& into) {
    std::uint32_t point = 0;
    const auto hex = text_.substr(0, digits);
    const auto [end, error] = std::from_chars(hex.data(), hex.data() + hex.size(), point, 16);
    if (error != std::errc{} || end != hex.data() + digits) return false;
    if (point == 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    text_.remove_prefix(digits);
    const auto later = [&](unsigned shift) { return static_cast<char>(0x80U | ((point >> shift) & 0x3FU)); };
    if (point < 0x80) {
        into += static_cast<char>(point);
    } else if (point < 0x800) {
        into += {static_cast<char>(0xC0U | (point >> 6)), later(0)};
    } else if (point < 0x10000) {
        into += {static_cast<char>(0xE0U | (point >> 12)), later(6), later(0)};
    } else {
        into += {static_cast<char>(0xF0U | (point >> 18)), later(12), later(6), later(0)};
    }
    return true;
}

// Numbers and booleans; TOML lets _ stand between digits. Words want quotes in TOML, so 1GiB does too.
std::optional<std::string> Reader::bare_value() {
    std::string word(take_while(is_value_character));
    if (word == "true" || word == "false") return word;
    std::erase(word, '_');
    if (word.starts_with('+')) word.erase(0, 1);
    double number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    const bool whole = end == word.data() + word.size() && word.find_first_of("0123456789") != word.npos;
    if (!whole) return fail("a text wants quotes");
    return word;
}

}  // namespace

std::expected<std::vector<ConfigEntry>, ConfigError> parse_config(std::string_view text) {
    return Reader(text).entries();
}

}  // namespace outrigger::settings
