// Gathers Deltas: finds the label set of each event in constant time, and costs a flush only what was touched. Apps
// beyond the hundredth in a flush, and label sets that apps multiply beyond --max-series, go under the app __other__;
// values beyond 8 MiB of buckets are told less exactly. The writer's thread, under the fold's lock.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/fold/deltas.h"
#include "shared/record.h"

namespace outrigger::fold {

class DeltaTable {
  public:
    static constexpr std::size_t greatest_apps = 100;
    static constexpr std::size_t bucket_bytes = std::size_t{8} << 20;

    explicit DeltaTable(std::size_t cap) : cap_(cap) {}

    struct Origin {
        std::string_view env, version;
        std::int64_t arrival_us = 0;
    };
    void add_request(const Origin& from, std::uint32_t series, std::string_view key, std::uint64_t duration_us);
    // `labels`: of the series that it was folded into.
    void add_metric(const Origin& from, const MetricView& metric, const std::shared_ptr<const std::string>& labels);

    const Deltas& all() const { return deltas_; }
    Deltas take();  // and begins anew
    void restore(Deltas deltas);

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    // A label set's text is one object as long as it is used, here too.
    using CustomKey = std::pair<const std::string*, std::uint32_t>;  // labels, app
    struct Hash {
        std::size_t operator()(const CustomKey& key) const {
            return std::hash<const std::string*>{}(key.first) * 31 + key.second;
        }
    };
    std::uint32_t app_of(const Origin& from);
    std::uint32_t other_app();
    std::uint32_t add_app(std::string_view env, std::string_view version);
    std::uint32_t find(std::uint32_t series, std::uint32_t app) const;
    RequestDelta& add(std::uint32_t series, std::uint32_t app, std::string_view key);
    void link(std::uint32_t delta);
    bool is_full() const { return deltas_.requests.size() + deltas_.custom.size() >= cap_; }
    CustomDelta& custom_of(const Origin& from, const MetricView& metric,
                           const std::shared_ptr<const std::string>& labels);
    void note(const Origin& from);
    void charge(const FineHistogram& histogram);

    std::size_t cap_;
    Deltas deltas_;
    std::uint32_t last_app_ = none;  // seen last: events come in runs
    std::uint32_t other_ = none;
    std::vector<std::uint32_t> first_;  // by series: its delta touched last, none when it has none
    std::vector<std::uint32_t> next_;   // by delta: another one of the same series
    std::unordered_map<CustomKey, std::uint32_t, Hash> custom_;
    FineBudget budget_{bucket_bytes};
};

}  // namespace outrigger::fold
