// The duration histogram of all request series: nearly all of a large page. A step is a series: a line for each bucket,
// its sum and its count. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/fold/snapshot.h"
#include "agent/sinks/metrics/page.h"
#include "agent/sinks/metrics/text.h"

namespace outrigger::metrics {

class HistogramText final : public Text {
  public:
    // Borrows both. Exemplars are written in OpenMetrics; the snapshot has them sorted as the lines are.
    HistogramText(const fold::Snapshot& snapshot, std::string_view name, Format format);

    std::size_t steps() const override { return series_.size; }
    std::size_t most(std::size_t series) const override;
    void measure(Ruler& ruler, std::size_t series) const override;
    void write(Pen& pen, std::size_t series) const override;
    std::size_t held_bytes() const override { return first_exemplar_.size() * sizeof first_exemplar_[0]; }

  private:
    template <class Stylus>
    void put(Stylus& stylus, std::size_t series) const;
    template <class Stylus>
    static void put_exemplar(Stylus& stylus, const fold::Exemplar& exemplar);

    const fold::RequestSeries& series_;
    std::string_view name_;
    std::vector<ShortText> bucket_ends_;
    std::size_t around_labels_ = 0;              // the most a series' lines hold beside labels and exemplars
    std::vector<std::uint32_t> first_exemplar_;  // by series, and one more; empty: none are written
};

}  // namespace outrigger::metrics
