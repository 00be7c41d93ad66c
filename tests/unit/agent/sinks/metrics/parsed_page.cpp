#include "tests/unit/agent/sinks/metrics/parsed_page.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace outrigger::test {
namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view line) {
    throw std::runtime_error(std::string(what) + ": " + std::string(line));
}

bool is_name(std::string_view name) {
    if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
    for (const char c : name) {
        if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
    }
    return true;
}

double to_number(std::string_view text, std::string_view line) {
    if (text == "+Inf") return std::numeric_limits<double>::infinity();
    if (text == "-Inf") return -std::numeric_limits<double>::infinity();
    if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) refuse("no number", line);
    return value;
}

// {a="b",c="d"} at the front of `rest`, which moves on behind it.
LabelSet take_labels(std::string_view& rest, std::string_view line) {
    LabelSet out;
    rest.remove_prefix(1);
    while (!rest.starts_with('}')) {
        const std::size_t equals = rest.find("=\"");
        if (equals == std::string_view::npos) refuse("no label", line);
        std::string name(rest.substr(0, equals));
        if (!is_name(name) || name.starts_with("__")) refuse("no label name", line);
        rest.remove_prefix(equals + 2);
        std::string value;
        while (!rest.starts_with('"')) {
            if (rest.empty()) refuse("an open quote", line);
            if (rest.starts_with('\\')) {
                if (rest.size() < 2) refuse("an open escape", line);
                if (rest[1] != 'n' && rest[1] != '\\' && rest[1] != '"') refuse("an unknown escape", line);
                value += rest[1] == 'n' ? '\n' : rest[1];
                rest.remove_prefix(2);
            } else {
                value += rest[0];
                rest.remove_prefix(1);
            }
        }
        rest.remove_prefix(1);
        if (!out.emplace(std::move(name), std::move(value)).second) refuse("a label twice", line);
        if (rest.starts_with(',')) {
            rest.remove_prefix(1);
        } else if (!rest.starts_with('}')) {
            refuse("no end of labels", line);
        }
    }
    rest.remove_prefix(1);
    return out;
}

std::string_view take_word(std::string_view& rest) {
    const std::size_t end = rest.find(' ');
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    return word;
}

Sample parse_sample(std::string_view line, bool openmetrics) {
    Sample out;
    std::string_view rest = line;
    const std::size_t name_end = rest.find_first_of("{ ");
    if (name_end == std::string_view::npos) refuse("no value", line);
    out.name = rest.substr(0, name_end);
    if (!is_name(out.name)) refuse("no name", line);
    rest.remove_prefix(name_end);
    if (rest.starts_with('{')) out.labels = take_labels(rest, line);
    if (!rest.starts_with(' ')) refuse("no space", line);
    rest.remove_prefix(1);
    out.value_text = take_word(rest);
    out.value = to_number(out.value_text, line);
    if (rest.empty()) return out;
    if (!openmetrics || take_word(rest) != "#" || !rest.starts_with('{')) refuse("more than a value", line);
    out.exemplar = take_labels(rest, line);
    if (!rest.starts_with(' ')) refuse("no space", line);
    rest.remove_prefix(1);
    out.exemplar_value = to_number(take_word(rest), line);
    if (!rest.empty()) to_number(take_word(rest), line);
    if (!rest.empty()) refuse("more than an exemplar", line);
    return out;
}

bool belongs(std::string_view name, std::string_view family, std::string_view type, bool openmetrics) {
    if (!name.starts_with(family)) return false;
    const std::string_view suffix = name.substr(family.size());
    if (type == "histogram") return suffix == "_bucket" || suffix == "_sum" || suffix == "_count";
    if (type == "counter" && openmetrics) return suffix == "_total";
    return suffix.empty();
}

// The order of label sets as it is without their le.
struct WithoutLe {
    bool operator()(const LabelSet* one, const LabelSet* other) const {
        const auto next = [](const LabelSet& set, auto at) { return at != set.end() && at->first == "le" ? ++at : at; };
        auto left = next(*one, one->begin()), right = next(*other, other->begin());
        for (; left != one->end() && right != other->end(); left = next(*one, ++left), right = next(*other, ++right)) {
            if (*left != *right) return *left < *right;
        }
        return left == one->end() && right != other->end();
    }
};

// Buckets ascend and never fall, end with +Inf, and that is the count; an exemplar lies in its bucket.
void check_histogram(const ParsedFamily& family, const std::string& name) {
    std::map<const LabelSet*, std::pair<double, double>, WithoutLe> last;  // bound, value
    std::set<const LabelSet*, WithoutLe> ended, summed;
    for (const Sample& sample : family.samples) {
        const auto le = sample.labels.find("le");
        const std::string_view suffix = std::string_view(sample.name).substr(name.size());
        if ((le == sample.labels.end()) == (suffix == "_bucket"))
            refuse("le belongs to buckets, and to nothing else", name);
        if (suffix == "_bucket") {
            const double bound = to_number(le->second, name);
            const auto [at, is_first] = last.try_emplace(&sample.labels, -INFINITY, 0.0);
            if (bound <= at->second.first || sample.value < at->second.second) refuse("buckets out of order", name);
            if (sample.exemplar && (sample.exemplar_value > bound || sample.exemplar_value <= at->second.first)) {
                refuse("an exemplar outside its bucket", name);
            }
            at->second = {bound, sample.value};
        } else if (suffix == "_count") {
            const auto at = last.find(&sample.labels);
            if (at == last.end() || at->second != std::pair(double{INFINITY}, sample.value)) {
                refuse("a count that is not its +Inf bucket", name);
            }
            ended.insert(&sample.labels);
        } else {
            summed.insert(&sample.labels);
        }
    }
    if (ended.size() != last.size() || summed.size() != last.size()) refuse("a histogram without sum or count", name);
}

// No sample comes twice on a page.
void check_samples(const ParsedPage& page) {
    std::vector<const Sample*> all;
    for (const auto& [name, family] : page.families)
        for (const Sample& sample : family.samples) all.push_back(&sample);
    const auto key = [](const Sample* sample) { return std::tie(sample->name, sample->labels); };
    std::ranges::sort(all, {}, key);
    const auto twice = std::ranges::adjacent_find(all, {}, key);
    if (twice != all.end()) refuse("a sample twice", (*twice)->name);
}

}  // namespace

double ParsedPage::value(const std::string& name, const LabelSet& labels) const {
    for (const auto& [family, parsed] : families) {
        for (const Sample& sample : parsed.samples) {
            if (sample.name == name && sample.labels == labels) return sample.value;
        }
    }
    throw std::runtime_error("no sample " + name);
}

double ParsedPage::sum(const std::string& name) const {
    double out = 0;
    for (const auto& [family, parsed] : families) {
        for (const Sample& sample : parsed.samples) out += sample.name == name ? sample.value : 0;
    }
    return out;
}

ParsedPage parse_page(std::string_view text, bool openmetrics) {
    ParsedPage out;
    std::string current;
    bool ended = false;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) refuse("an open line", text);
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (ended) refuse("a line after the end", line);
        if (line == "# EOF" && openmetrics) {
            ended = true;
        } else if (line.starts_with("# HELP ")) {
            std::string_view rest = line.substr(7);
            current = take_word(rest);
            if (!is_name(current) || rest.empty()) refuse("no help", line);
            if (!out.families.emplace(current, ParsedFamily{std::string(rest), "", {}}).second) {
                refuse("a family twice", line);
            }
        } else if (line.starts_with("# TYPE ")) {
            std::string_view rest = line.substr(7);
            if (current != take_word(rest)) refuse("a type of another family", line);
            ParsedFamily& family = out.families.at(current);
            if (!family.type.empty() || !family.samples.empty()) refuse("a type too late", line);
            family.type = rest;
            if (family.type != "counter" && family.type != "gauge" && family.type != "histogram") {
                refuse("an unknown type", line);
            }
            const bool is_total = current.ends_with("_total");
            if (family.type == "counter" && is_total == openmetrics) refuse("a counter's name", line);
        } else {
            Sample sample = parse_sample(line, openmetrics);
            if (current.empty()) refuse("a sample of no family", line);
            ParsedFamily& family = out.families.at(current);
            if (!belongs(sample.name, current, family.type, openmetrics)) refuse("a sample of another family", line);
            if (sample.exemplar && family.type == "gauge") refuse("an exemplar of a gauge", line);
            family.samples.push_back(std::move(sample));
        }
    }
    if (openmetrics && !ended) throw std::runtime_error("no end");
    check_samples(out);
    for (const auto& [name, family] : out.families) {
        if (family.type.empty()) refuse("a family without a type", name);
        if (family.type == "histogram") check_histogram(family, name);
    }
    return out;
}

}  // namespace outrigger::test
