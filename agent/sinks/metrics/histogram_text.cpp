#include "agent/sinks/metrics/histogram_text.h"

namespace outrigger::metrics {
namespace {

using fold::RequestSeries;

constexpr std::string_view bucket_suffix = "_bucket{", sum_suffix = "_sum{", count_suffix = "_count{";
constexpr std::size_t exemplar_bytes = 128;

std::vector<std::uint32_t> index_exemplars(const RequestSeries& series) {
    std::vector<std::uint32_t> first(series.size + 1);
    for (const auto& exemplar : series.exemplars) ++first[exemplar.series + 1];
    for (std::size_t each = 1; each < first.size(); ++each) first[each] += first[each - 1];
    return first;
}

}  // namespace

HistogramText::HistogramText(const fold::Snapshot& snapshot, std::string_view name, Format format)
    : series_(snapshot.requests),
      name_(name),
      bucket_ends_(to_bucket_ends(snapshot.bounds, format == Format::openmetrics)) {
    if (format == Format::openmetrics) first_exemplar_ = index_exemplars(series_);
    around_labels_ =
        (bucket_ends_.size() + 2) * (name.size() + bucket_suffix.size() + ShortText::most + number_bytes + 1) +
        Pen::slack;
}

std::size_t HistogramText::most(std::size_t series) const {
    const std::size_t exemplars = first_exemplar_.empty() ? 0 : first_exemplar_[series + 1] - first_exemplar_[series];
    return (bucket_ends_.size() + 2) * series_.labels(series).text.size() + around_labels_ + exemplars * exemplar_bytes;
}

void HistogramText::measure(Ruler& ruler, std::size_t series) const { put(ruler, series); }
void HistogramText::write(Pen& pen, std::size_t series) const { put(pen, series); }

// A line begins as the one before it, and most buckets hold as many as the one before them.
template <class Stylus>
void HistogramText::put(Stylus& stylus, std::size_t series) const {
    const std::string_view labels = series_.labels(series).text;
    const std::uint64_t* const row = series_.row(series);
    const std::size_t same = name_.size() + bucket_suffix.size() + labels.size();
    std::uint32_t exemplar = first_exemplar_.empty() ? 0 : first_exemplar_[series];
    const std::uint32_t exemplar_end = first_exemplar_.empty() ? 0 : first_exemplar_[series + 1];
    std::uint64_t count = 0;
    ShortText count_text(count);
    std::size_t line = stylus.written();
    for (std::size_t bucket = 0; bucket < bucket_ends_.size(); ++bucket) {
        if (const std::uint64_t more = row[RequestSeries::buckets + bucket]; more != 0)
            count_text = ShortText(count += more);
        const std::size_t line_before = line;
        line = stylus.written();
        if (bucket == 0) {
            stylus.text(name_).text(bucket_suffix).text(labels);
        } else {
            stylus.again(line_before, same);
        }
        stylus.text(bucket_ends_[bucket]).text(count_text);
        if (exemplar < exemplar_end && series_.exemplars[exemplar].bucket == bucket)
            put_exemplar(stylus, series_.exemplars[exemplar++]);
        stylus.character('\n');
    }
    stylus.text(name_).text(sum_suffix).text(labels).text("} ").seconds(row[RequestSeries::sum]).character('\n');
    stylus.text(name_).text(count_suffix).text(labels).text("} ").text(count_text).character('\n');
}

template <class Stylus>
void HistogramText::put_exemplar(Stylus& stylus, const fold::Exemplar& exemplar) {
    const std::string_view id(reinterpret_cast<const char*>(exemplar.trace_id.data()), exemplar.trace_id.size());
    stylus.text(" # {trace_id=\"").hex(id).text("\"} ").seconds(static_cast<std::uint64_t>(exemplar.duration_us));
    if (exemplar.at_us >= 0) stylus.character(' ').seconds(static_cast<std::uint64_t>(exemplar.at_us));
}

}  // namespace outrigger::metrics
