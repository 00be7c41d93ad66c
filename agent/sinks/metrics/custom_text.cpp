#include "agent/sinks/metrics/custom_text.h"

#include <string_view>

#include "agent/fold/exact_sum.h"
#include "agent/sinks/metrics/family_text.h"
#include "agent/sinks/metrics/pen.h"

namespace outrigger::metrics {
namespace {

void append_sum(std::string& out, const fold::ExactSum& sum) {
    if (sum.part == 0 && sum.compensation == 0) {
        append_number(out, sum.whole);
    } else {
        append_number(out, fold::value_of(sum));
    }
}

void append_start(std::string& out, std::string_view name, std::string_view suffix, const fold::CustomSeries& series,
                  std::string_view le = {}) {
    out.append(name).append(suffix).append("{").append(*series.labels);
    if (!le.empty()) out.append(",le=\"").append(le).append("\"");
    out += "} ";
}

void append_histogram(std::string& out, const fold::CustomFamily& family, std::size_t at,
                      const std::vector<std::string>& bounds) {
    const fold::CustomSeries& series = family.series[at];
    std::uint64_t count = 0;
    for (std::size_t bucket = 0; bucket < bounds.size(); ++bucket) {
        count += family.buckets[at * family.stride + bucket];
        append_start(out, family.name, "_bucket", series, bounds[bucket]);
        append_number(out, count);
        out += '\n';
    }
    append_start(out, family.name, "_sum", series);
    append_sum(out, series.sum);
    out += '\n';
    append_start(out, family.name, "_count", series);
    append_number(out, count);
    out += '\n';
}

}  // namespace

void append_custom(std::string& out, const fold::Snapshot& snapshot, Format format) {
    std::vector<std::string> bounds;
    for (const double bound : snapshot.bounds) bounds.push_back(to_bound(bound, format == Format::openmetrics));
    bounds.emplace_back("+Inf");
    for (const fold::CustomFamily& family : snapshot.custom) {
        switch (family.kind) {
            case MetricKind::count: {
                const std::string name = family.name.ends_with("_total") ? family.name : family.name + "_total";
                append_head(out, name, "A count of the app's own.", "counter", format);
                for (const auto& series : family.series) {
                    append_start(out, name, {}, series);
                    append_sum(out, series.sum);
                    out += '\n';
                }
                break;
            }
            case MetricKind::gauge:
                append_head(out, family.name, "A gauge of the app's own, as last set.", "gauge", format);
                for (const auto& series : family.series) {
                    append_start(out, family.name, {}, series);
                    append_number(out, series.gauge);
                    out += '\n';
                }
                break;
            case MetricKind::histogram:
                append_head(out, family.name, "A histogram of the app's own.", "histogram", format);
                for (std::size_t at = 0; at < family.series.size(); ++at) append_histogram(out, family, at, bounds);
                break;
        }
    }
}

}  // namespace outrigger::metrics
