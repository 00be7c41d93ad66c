#include "tests/integration/peers/scrape_text.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <stdexcept>

namespace outrigger::peers {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_label_name(std::string_view name) {
    return !name.empty() && is_letter(name[0]) &&
           std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c); });
}

[[noreturn]] void fail(const char* what) { throw std::runtime_error(what); }

class Cursor {
  public:
    explicit Cursor(std::string_view text) : text_(text) {}

    bool at_end() const { return text_.empty(); }
    char peek() const { return text_.empty() ? '\0' : text_[0]; }
    bool skip(std::string_view expected) {
        if (!text_.starts_with(expected)) return false;
        text_.remove_prefix(expected.size());
        return true;
    }
    std::string_view until(std::string_view stops) {
        const std::string_view word = text_.substr(0, text_.find_first_of(stops));
        text_.remove_prefix(word.size());
        return word;
    }

  private:
    std::string_view text_;
};

std::string parse_quoted(Cursor& cursor) {
    if (!cursor.skip("\"")) fail("a label value without its quote");
    std::string value;
    while (true) {
        value += cursor.until("\\\"");
        if (cursor.skip("\"")) return value;
        if (cursor.skip("\\\\")) {
            value += '\\';
        } else if (cursor.skip("\\\"")) {
            value += '"';
        } else if (cursor.skip("\\n")) {
            value += '\n';
        } else {
            fail("a label value that does not end, or with an unknown escape");
        }
    }
}

Labels parse_labels(Cursor& cursor) {
    Labels labels;
    if (!cursor.skip("{")) return labels;
    while (!cursor.skip("}")) {
        const std::string name(cursor.until("=}\", "));
        if (!is_label_name(name) || !cursor.skip("=")) fail("not a label name");
        if (!labels.emplace(name, parse_quoted(cursor)).second) fail("a label given twice");
        if (!cursor.skip(",") && cursor.peek() != '}') fail("no comma between labels");
    }
    return labels;
}

double parse_value(std::string_view word) {
    if (word == "+Inf") return std::numeric_limits<double>::infinity();
    if (word == "-Inf") return -std::numeric_limits<double>::infinity();
    if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) fail("not a number");
    return value;
}

void parse_timestamp(Cursor& cursor) {
    if (cursor.peek() == ' ' && !cursor.skip(" # ")) {
        cursor.skip(" ");
        parse_value(cursor.until(" "));
    }
}

Exemplar parse_exemplar(Cursor& cursor) {
    if (cursor.peek() != '{') fail("an exemplar without labels");
    Exemplar exemplar{parse_labels(cursor), 0};
    std::size_t length = 0;
    for (const auto& [name, value] : exemplar.labels) length += name.size() + value.size();
    if (length > 128) fail("an exemplar whose labels exceed 128 characters");
    if (!cursor.skip(" ")) fail("an exemplar without a value");
    exemplar.value = parse_value(cursor.until(" "));
    if (cursor.skip(" ")) parse_value(cursor.until(" "));
    return exemplar;
}

}  // namespace

std::pair<std::string_view, std::string_view> split_word(std::string_view text) {
    const std::size_t space = text.find(' ');
    if (space == std::string_view::npos) return {text, {}};
    return {text.substr(0, space), text.substr(space + 1)};
}

bool is_metric_name(std::string_view name) {
    return !name.empty() && (is_letter(name[0]) || name[0] == ':') &&
           std::ranges::all_of(name, [](char c) { return is_letter(c) || is_digit(c) || c == ':'; });
}

Sample parse_sample(std::string_view line, bool openmetrics) {
    Cursor cursor(line);
    Sample sample{std::string(cursor.until("{ ")), {}, 0, std::nullopt};
    if (!is_metric_name(sample.name)) fail("not a metric name");
    sample.labels = parse_labels(cursor);
    if (!cursor.skip(" ")) fail("no value");
    sample.value = parse_value(cursor.until(" "));
    const bool has_exemplar = cursor.skip(" # ");
    if (!has_exemplar) parse_timestamp(cursor);
    if (has_exemplar && !openmetrics) fail("an exemplar in text 0.0.4");
    if (has_exemplar) sample.exemplar = parse_exemplar(cursor);
    if (!cursor.at_end()) fail("something after the value");
    return sample;
}

std::string to_key(const Sample& sample) {
    std::string key = sample.name + "{";
    for (const auto& [name, value] : sample.labels) key.append(name).append("=\"").append(value).append("\",");
    return key + "}";
}

}  // namespace outrigger::peers
