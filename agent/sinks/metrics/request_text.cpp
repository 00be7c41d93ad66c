#include "agent/sinks/metrics/request_text.h"

#include <string_view>

#include "agent/sinks/metrics/family_text.h"
#include "agent/sinks/metrics/histogram_text.h"

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

// A line for each series, or for each group when the count families leave the route out.
class CounterText final : public Text {
  public:
    CounterText(const RequestSeries& series, std::string_view name, std::size_t column)
        : series_(series), name_(name), column_(column), sums_(series.groups.size()) {
        if (sums_.empty()) return;
        for (std::size_t each = 0; each < series.size; ++each)
            sums_[series.labels(each).group] += series.row(each)[column];
    }

    std::size_t steps() const override { return sums_.empty() ? series_.size : sums_.size(); }
    std::size_t most(std::size_t step) const override {
        return name_.size() + labels(step).size() + number_bytes + 4 + Pen::slack;
    }
    void measure(Ruler& ruler, std::size_t step) const override { put(ruler, step); }
    void write(Pen& pen, std::size_t step) const override { put(pen, step); }
    std::size_t held_bytes() const override { return sums_.size() * sizeof sums_[0]; }

  private:
    std::string_view labels(std::size_t step) const {
        return sums_.empty() ? series_.labels(step).text : series_.groups[step];
    }
    template <class Stylus>
    void put(Stylus& stylus, std::size_t step) const {
        const std::uint64_t value = sums_.empty() ? series_.row(step)[column_] : sums_[step];
        stylus.text(name_).character('{').text(labels(step)).text("} ").number(value).character('\n');
    }

    const RequestSeries& series_;
    std::string_view name_;
    std::size_t column_;
    std::vector<std::uint64_t> sums_;  // by group
};

void add_counter(std::vector<std::unique_ptr<Text>>& page, const RequestSeries& series, std::string_view name,
                 std::string_view help, std::size_t column, Format format) {
    if (name.empty()) return;
    page.push_back(std::make_unique<MadeText>(to_head(name, help, "counter", format)));
    page.push_back(std::make_unique<CounterText>(series, name, column));
}

}  // namespace

void add_requests(std::vector<std::unique_ptr<Text>>& page, const fold::Snapshot& snapshot, fold::NamingSet names,
                  Format format) {
    const FamilyNames families = family_names(names);
    const RequestSeries& series = snapshot.requests;
    add_counter(page, series, families.count, "HTTP requests.", RequestSeries::count, format);
    page.push_back(std::make_unique<MadeText>(
        to_head(families.duration, "Time that HTTP requests took, in seconds.", "histogram", format)));
    page.push_back(std::make_unique<HistogramText>(snapshot, families.duration, format));
    add_counter(page, series, families.exceptions, "HTTP requests that ended with an error.", RequestSeries::exceptions,
                format);
}

}  // namespace outrigger::metrics
