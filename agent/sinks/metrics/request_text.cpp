#include "agent/sinks/metrics/request_text.h"

#include <string_view>
#include <vector>

#include "agent/sinks/metrics/family_text.h"
#include "agent/sinks/metrics/pen.h"

namespace outrigger::metrics {
namespace {

using fold::RequestSeries;

// Empty: the set has no such family.
struct FamilyNames {
    std::string_view count, duration, exceptions;
};

FamilyNames family_names(fold::NamingSet names) {
    switch (names) {
        case fold::NamingSet::otel:
            return {{}, "http_server_request_duration_seconds", {}};
        case fold::NamingSet::flask:
            return {"flask_http_request_total", "flask_http_request_duration_seconds",
                    "flask_http_request_exceptions_total"};
        case fold::NamingSet::prometheus:
            break;
    }
    return {"http_requests_total", "http_request_duration_seconds", "http_request_exceptions_total"};
}

// One line for each series, or for each group when the count families leave the route out.
void append_counter(std::string& out, const RequestSeries& series, std::string_view name, std::size_t column) {
    const auto line = [&](Pen& pen, std::string_view labels, std::uint64_t value) {
        pen.text(name).text("{").text(labels).text("} ").number(value).text("\n");
    };
    const std::size_t around = name.size() + number_bytes + 8;
    std::size_t bytes = 0;
    if (series.groups.empty()) {
        for (std::size_t each = 0; each < series.size; ++each) bytes += series.labels(each).text.size() + around;
        append_measured(out, bytes, [&](Pen& pen) {
            for (std::size_t each = 0; each < series.size; ++each) {
                line(pen, series.labels(each).text, series.row(each)[column]);
            }
        });
        return;
    }
    std::vector<std::uint64_t> sums(series.groups.size());
    for (std::size_t each = 0; each < series.size; ++each) sums[series.labels(each).group] += series.row(each)[column];
    for (const std::string_view group : series.groups) bytes += group.size() + around;
    append_measured(out, bytes, [&](Pen& pen) {
        for (std::size_t group = 0; group < sums.size(); ++group) line(pen, series.groups[group], sums[group]);
    });
}

class HistogramText {
  public:
    HistogramText(const fold::Snapshot& snapshot, std::string_view name, Format format)
        : series_(snapshot.requests), name_(name), with_exemplars_(format == Format::openmetrics) {
        for (const double bound : snapshot.bounds) add_bound(to_bound(bound, format == Format::openmetrics));
        add_bound("+Inf");
    }

    void append_to(std::string& out) {
        append_measured(out, measure(), [&](Pen& pen) {
            for (std::size_t each = 0; each < series_.size; ++each) write(pen, each);
        });
    }

  private:
    static constexpr std::size_t exemplar_bytes = 128;

    void add_bound(const std::string& bound) { bounds_.push_back(",le=\"" + bound + "\"} "); }

    std::size_t measure() const {
        std::size_t around = 0;
        for (const auto& bound : bounds_) around += bound.size() + name_.size() + number_bytes + 16;
        around += 2 * (name_.size() + number_bytes + 16);
        std::size_t bytes = with_exemplars_ ? series_.exemplars.size() * exemplar_bytes : 0;
        const std::size_t lines = bounds_.size() + 2;
        for (std::size_t each = 0; each < series_.size; ++each) {
            bytes += lines * series_.labels(each).text.size() + around;
        }
        return bytes;
    }

    void write(Pen& pen, std::size_t series) {
        const std::string_view labels = series_.labels(series).text;
        const std::uint64_t* const row = series_.row(series);
        std::uint64_t count = 0;
        for (std::size_t bucket = 0; bucket < bounds_.size(); ++bucket) {
            count += row[RequestSeries::buckets + bucket];
            pen.text(name_).text("_bucket{").text(labels).text(bounds_[bucket]).number(count);
            if (with_exemplars_) write_exemplar(pen, series, bucket);
            pen.text("\n");
        }
        pen.text(name_).text("_sum{").text(labels).text("} ").seconds(row[RequestSeries::sum]).text("\n");
        pen.text(name_).text("_count{").text(labels).text("} ").number(count).text("\n");
    }

    // Exemplars are sorted as the lines are.
    void write_exemplar(Pen& pen, std::size_t series, std::size_t bucket) {
        if (next_exemplar_ >= series_.exemplars.size()) return;
        const fold::Exemplar& exemplar = series_.exemplars[next_exemplar_];
        if (exemplar.series != series || exemplar.bucket != bucket) return;
        ++next_exemplar_;
        const std::string_view id(reinterpret_cast<const char*>(exemplar.trace_id.data()), exemplar.trace_id.size());
        pen.text(" # {trace_id=\"").hex(id).text("\"} ").seconds(static_cast<std::uint64_t>(exemplar.duration_us));
        if (exemplar.at_us >= 0) pen.text(" ").seconds(static_cast<std::uint64_t>(exemplar.at_us));
    }

    const RequestSeries& series_;
    std::string_view name_;
    bool with_exemplars_;
    std::vector<std::string> bounds_;  // what stands between labels and number
    std::size_t next_exemplar_ = 0;
};

}  // namespace

void append_requests(std::string& out, const fold::Snapshot& snapshot, fold::NamingSet names, Format format) {
    const FamilyNames families = family_names(names);
    if (!families.count.empty()) {
        append_head(out, families.count, "HTTP requests.", "counter", format);
        append_counter(out, snapshot.requests, families.count, RequestSeries::count);
    }
    append_head(out, families.duration, "Time that HTTP requests took, in seconds.", "histogram", format);
    HistogramText(snapshot, families.duration, format).append_to(out);
    if (!families.exceptions.empty()) {
        append_head(out, families.exceptions, "HTTP requests that ended with an error.", "counter", format);
        append_counter(out, snapshot.requests, families.exceptions, RequestSeries::exceptions);
    }
}

}  // namespace outrigger::metrics
