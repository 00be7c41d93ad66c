#include "tests/integration/peers/scrape_rules.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/integration/peers/scrape_text.h"

namespace outrigger::peers {
namespace {

constexpr std::array types{"counter", "gauge", "histogram", "summary",       "untyped",
                           "unknown", "info",  "stateset",  "gaugehistogram"};

[[noreturn]] void fail(const Family& family, const std::string& what) {
    throw std::runtime_error(family.name + ": " + what);
}

struct Buckets {
    double last_bound = -std::numeric_limits<double>::infinity();
    double last_count = 0;
    double count = -1;
};

void take_bucket(const Family& family, const Sample& sample, Buckets& buckets) {
    const std::string& le = sample.labels.at("le");
    const double bound = le == "+Inf" ? std::numeric_limits<double>::infinity() : std::stod(le);
    if (bound <= buckets.last_bound) fail(family, "buckets out of order");
    if (sample.value < buckets.last_count) fail(family, "buckets that are not cumulative");
    buckets.last_bound = bound;
    buckets.last_count = sample.value;
}

void check_histogram(const Family& family) {
    std::map<Labels, Buckets> sets;
    for (const Sample& sample : family.samples) {
        Labels labels = sample.labels;
        const bool is_bucket = sample.name == family.name + "_bucket";
        if (is_bucket != (labels.erase("le") == 1)) fail(family, "le belongs to buckets, and to nothing else");
        if (is_bucket) take_bucket(family, sample, sets[labels]);
        if (sample.name == family.name + "_count") sets[labels].count = sample.value;
    }
    for (const auto& [labels, buckets] : sets) {
        if (!std::isinf(buckets.last_bound)) fail(family, "no +Inf bucket");
        if (buckets.last_count != buckets.count) fail(family, "the +Inf bucket is not the count");
    }
}

void check_exemplars(const Family& family) {
    for (const Sample& sample : family.samples) {
        if (sample.exemplar && !sample.name.ends_with("_bucket") && !sample.name.ends_with("_total")) {
            fail(family, "an exemplar on " + sample.name);
        }
    }
}

}  // namespace

bool belongs(std::string_view sample, const Family& family, bool openmetrics) {
    const auto is = [&](const char* suffix) { return sample == family.name + suffix; };
    if (family.type == "histogram")
        return is("_bucket") || is("_sum") || is("_count") || (openmetrics && is("_created"));
    if (family.type == "summary") return is("") || is("_sum") || is("_count") || (openmetrics && is("_created"));
    if (openmetrics && family.type == "counter") return is("_total") || is("_created");
    if (openmetrics && family.type == "info") return is("_info");
    return is("");
}

void check_family(const Family& family, bool openmetrics) {
    if (std::ranges::find(types, family.type) == types.end()) fail(family, "no TYPE, or an unknown one");
    if (!openmetrics && (family.type == "info" || family.type == "unknown")) fail(family, "a type of OpenMetrics");
    if (openmetrics && family.type == "untyped") fail(family, "a type of text 0.0.4");
    std::set<std::string> seen;
    for (const Sample& sample : family.samples) {
        if (!seen.insert(to_key(sample)).second) fail(family, "twice the same sample: " + to_key(sample));
        if (family.type == "counter" && !(sample.value >= 0)) fail(family, "a counter below 0");
    }
    if (family.type == "histogram") check_histogram(family);
    check_exemplars(family);
}

}  // namespace outrigger::peers
