#include "agent/sinks/metrics/family_text.h"

#include "agent/sinks/metrics/pen.h"

namespace outrigger::metrics {
namespace {

constexpr std::string_view total = "_total";

void append_escaped(std::string& out, std::string_view text, bool with_quotes) {
    for (const char c : text) {
        switch (c) {
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '"':
                out += with_quotes ? "\\\"" : "\"";
                break;
            default:
                out += c;
        }
    }
}

// {a="b",c="d"}, with one more label at the end when `extra` names it.
void append_labels(std::string& out, const prometheus::ClientMetric& metric, std::string_view extra,
                   std::string_view extra_value) {
    if (metric.label.empty() && extra.empty()) return;
    char before = '{';
    const auto append_one = [&](std::string_view name, std::string_view value) {
        out += before;
        out.append(name).append("=\"");
        append_escaped(out, value, true);
        out += '"';
        before = ',';
    };
    for (const auto& label : metric.label) append_one(label.name, label.value);
    if (!extra.empty()) append_one(extra, extra_value);
    out += '}';
}

template <class Number>
void append_sample(std::string& out, std::string_view name, std::string_view suffix,
                   const prometheus::ClientMetric& metric, Number value, std::string_view le = {}) {
    out.append(name).append(suffix);
    append_labels(out, metric, le.empty() ? std::string_view{} : "le", le);
    out += ' ';
    append_number(out, value);
    out += '\n';
}

void append_histogram(std::string& out, std::string_view name, const prometheus::ClientMetric& metric, Format format) {
    for (const auto& bucket : metric.histogram.bucket) {
        const std::string le = to_bound(bucket.upper_bound, format == Format::openmetrics);
        append_sample(out, name, "_bucket", metric, bucket.cumulative_count, le);
    }
    append_sample(out, name, "_sum", metric, metric.histogram.sample_sum);
    append_sample(out, name, "_count", metric, metric.histogram.sample_count);
}

std::string_view to_text(prometheus::MetricType type) {
    switch (type) {
        case prometheus::MetricType::Counter:
            return "counter";
        case prometheus::MetricType::Gauge:
            return "gauge";
        case prometheus::MetricType::Histogram:
            return "histogram";
        default:
            return "untyped";
    }
}

}  // namespace

std::string to_head(std::string_view name, std::string_view help, std::string_view type, Format format) {
    if (format == Format::openmetrics && type == "counter" && name.ends_with(total)) name.remove_suffix(total.size());
    std::string out;
    out.append("# HELP ").append(name) += ' ';
    append_escaped(out, help, format == Format::openmetrics);
    out.append("\n# TYPE ").append(name).append(" ").append(type) += '\n';
    return out;
}

void append(std::string& out, const prometheus::MetricFamily& family, Format format) {
    out += to_head(family.name, family.help, to_text(family.type), format);
    for (const auto& metric : family.metric) {
        switch (family.type) {
            case prometheus::MetricType::Counter:
                append_sample(out, family.name, {}, metric, metric.counter.value);
                break;
            case prometheus::MetricType::Histogram:
                append_histogram(out, family.name, metric, format);
                break;
            case prometheus::MetricType::Gauge:
                append_sample(out, family.name, {}, metric, metric.gauge.value);
                break;
            default:
                append_sample(out, family.name, {}, metric, metric.untyped.value);
                break;
        }
    }
}

}  // namespace outrigger::metrics
