// The app's own metrics: name -> kind and label sets. Whether a name may be used is decided at intake; what is
// journaled is folded, and a name that comes back as another kind begins anew. The writer's thread, under the fold's
// lock.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/fold/buckets.h"
#include "agent/fold/offenders.h"
#include "agent/fold/series_guard.h"
#include "agent/fold/snapshot.h"
#include "shared/record.h"

namespace outrigger::fold {

class CustomTable {
  public:
    CustomTable(const std::vector<double>& bounds, SeriesGuard& guard, Offenders& offenders);

    // The series it was folded into; until the next call.
    const CustomSeries& apply(std::string_view service, const MetricView& metric, std::int64_t arrival_us);
    // Drops gauges whose last set is an hour before `now_us`.
    void expire(std::int64_t now_us);

    // Of the series whose labels have that text; null: there is none.
    std::shared_ptr<const std::string> labels_of(std::string_view name, std::string_view text) const;

    std::uint64_t overflow() const { return overflow_; }
    std::vector<CustomFamily> copy() const;
    void restore(const std::vector<CustomFamily>& from, std::uint64_t overflow, bool same_buckets);

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const;
        std::uint64_t seed;
    };
    template <class Value>
    using ByText = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;
    struct Family {
        CustomFamily family;
        ByText<std::uint32_t> index;  // labels -> series
    };
    Family& family_of(const MetricView& metric, std::int64_t arrival_us);
    void make_room(const MetricView& metric);
    void erase_family(std::string_view name);
    std::string_view write_labels(std::string_view service, const TagList& tags);
    std::uint32_t series_of(Family& family, std::string_view service, const MetricView& metric);
    std::uint32_t add(Family& family, std::string_view labels);
    void erase_series(Family& family, std::uint32_t series);

    Buckets buckets_;
    SeriesGuard& guard_;
    Offenders& offenders_;
    Hash hash_;
    ByText<Family> families_;
    std::string labels_;
    std::vector<Tag> tags_;
    std::string name_;
    std::vector<std::pair<std::size_t, std::size_t>> names_;  // where those of the tags lie in labels_
    std::uint64_t overflow_ = 0;
};

}  // namespace outrigger::fold
