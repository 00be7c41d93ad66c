// A metrics page read back, strictly: whatever the formats forbid throws std::runtime_error with the line.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::test {

using LabelSet = std::map<std::string, std::string>;

struct Sample {
    std::string name;
    LabelSet labels;
    double value = 0;
    std::string value_text;
    std::optional<LabelSet> exemplar;
    double exemplar_value = 0;
};

struct ParsedFamily {
    std::string help, type;
    std::vector<Sample> samples;
};

struct ParsedPage {
    std::map<std::string, ParsedFamily> families;

    // The value of one sample; throws when there is none.
    double value(const std::string& name, const LabelSet& labels = {}) const;
    double sum(const std::string& name) const;  // over all label sets
    bool has(const std::string& family) const { return families.contains(family); }
};

// Text 0.0.4, or OpenMetrics 1.0 (ends with # EOF, counters without _total in their family's name, exemplars).
ParsedPage parse_page(std::string_view text, bool openmetrics);

}  // namespace outrigger::test
