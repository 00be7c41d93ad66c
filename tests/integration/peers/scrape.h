// A strict reader of what /metrics says: Prometheus text 0.0.4 and OpenMetrics 1.0, with exemplars. For tests only.
// Grammar: https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics specification of the same
// site.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outrigger::peers {

using Labels = std::map<std::string, std::string>;

struct Exemplar {
    Labels labels;
    double value;
};

struct Sample {
    std::string name;
    Labels labels;
    double value;
    std::optional<Exemplar> exemplar;
};

struct Family {
    std::string name, type, help;
    std::vector<Sample> samples;
};

class Scrape {
  public:
    enum class Form { text, openmetrics };

    // Throws std::runtime_error with the number of the first line that breaks the grammar, or the family that breaks
    // its type's rules.
    Scrape(std::string_view body, Form form);

    const std::vector<Family>& families() const { return families_; }
    const Family* family(std::string_view name) const;
    // The sum over the samples of that name whose labels include these; 0 when there is none.
    double sum(std::string_view sample, const Labels& with = {}) const;
    std::vector<Sample> all(std::string_view sample, const Labels& with = {}) const;
    // Every sample that may only grow: of counters, and the parts of histograms. Key: the sample as text, without its
    // value.
    std::map<std::string, double> growing() const;

  private:
    std::vector<Family> families_;
};

}  // namespace outrigger::peers
