#include "agent/sinks/metrics/custom_text.h"

#include <string>
#include <string_view>

#include "agent/fold/exact_sum.h"
#include "agent/sinks/metrics/family_text.h"
#include "agent/sinks/metrics/pen.h"

namespace outrigger::metrics {
namespace {

using fold::CustomFamily;
using fold::CustomSeries;
using BucketEnds = std::shared_ptr<const std::vector<ShortText>>;

template <class Stylus>
void put_sum(Stylus& stylus, const fold::ExactSum& sum) {
    if (sum.part == 0 && sum.compensation == 0) {
        stylus.number(sum.whole);
    } else {
        stylus.number(fold::value_of(sum));
    }
}

// The series of one family; a step is a series.
class CustomText final : public Text {
  public:
    CustomText(const CustomFamily& family, std::string name, BucketEnds bucket_ends)
        : family_(family), name_(std::move(name)), bucket_ends_(std::move(bucket_ends)) {}

    std::size_t steps() const override { return family_.series.size(); }
    std::size_t most(std::size_t step) const override {
        const std::size_t lines = family_.kind == MetricKind::histogram ? bucket_ends_->size() + 2 : 1;
        const std::size_t around = name_.size() + std::string_view("_bucket{").size() + ShortText::most + number_bytes;
        return lines * (family_.series[step].labels->size() + around + 1) + Pen::slack;
    }
    void measure(Ruler& ruler, std::size_t step) const override { put(ruler, step); }
    void write(Pen& pen, std::size_t step) const override { put(pen, step); }
    std::size_t held_bytes() const override { return name_.size(); }

  private:
    template <class Stylus>
    void put(Stylus& stylus, std::size_t step) const {
        const CustomSeries& series = family_.series[step];
        switch (family_.kind) {
            case MetricKind::count:
                begin(stylus, {}, series).text("} ");
                put_sum(stylus, series.sum);
                break;
            case MetricKind::gauge:
                begin(stylus, {}, series).text("} ").number(series.gauge);
                break;
            case MetricKind::histogram:
                put_histogram(stylus, step);
                break;
        }
        stylus.character('\n');
    }

    template <class Stylus>
    void put_histogram(Stylus& stylus, std::size_t step) const {
        const CustomSeries& series = family_.series[step];
        std::uint64_t count = 0;
        for (std::size_t bucket = 0; bucket < bucket_ends_->size(); ++bucket) {
            count += family_.buckets[step * family_.stride + bucket];
            begin(stylus, "_bucket", series).text((*bucket_ends_)[bucket]).number(count).character('\n');
        }
        begin(stylus, "_sum", series).text("} ");
        put_sum(stylus, series.sum);
        stylus.character('\n');
        begin(stylus, "_count", series).text("} ").number(count);
    }

    template <class Stylus>
    Stylus& begin(Stylus& stylus, std::string_view suffix, const CustomSeries& series) const {
        return stylus.text(name_).text(suffix).character('{').text(*series.labels);
    }

    const CustomFamily& family_;
    std::string name_;
    BucketEnds bucket_ends_;
};

struct Shown {
    std::string name;
    std::string_view help, type;
};

Shown to_shown(const CustomFamily& family) {
    switch (family.kind) {
        case MetricKind::count:
            return {family.name.ends_with("_total") ? family.name : family.name + "_total", "A count of the app's own.",
                    "counter"};
        case MetricKind::gauge:
            return {family.name, "A gauge of the app's own, as last set.", "gauge"};
        case MetricKind::histogram:
            break;
    }
    return {family.name, "A histogram of the app's own.", "histogram"};
}

}  // namespace

void add_custom(std::vector<std::unique_ptr<Text>>& page, const fold::Snapshot& snapshot, Format format) {
    const auto bucket_ends =
        std::make_shared<const std::vector<ShortText>>(to_bucket_ends(snapshot.bounds, format == Format::openmetrics));
    for (const CustomFamily& family : snapshot.custom) {
        const auto [name, help, type] = to_shown(family);
        page.push_back(std::make_unique<MadeText>(to_head(name, help, type, format)));
        page.push_back(std::make_unique<CustomText>(family, name, bucket_ends));
    }
}

}  // namespace outrigger::metrics
