// Which custom metric names are taken, and as what: the rules of section "metric" that need memory. Intake asks before
// it journals a metric; rebuilt at start from the fold's families. One thread (intake's); time is an argument.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/fold/snapshot.h"
#include "shared/record.h"

namespace outrigger::fold {

inline constexpr std::int64_t idle_us = 3'600'000'000;  // a name, a gauge, an app and a mark live so long unused
inline constexpr std::size_t greatest_names = 1'000;

class MetricNames {
  public:
    // `requests`: what StatsD calls a request's count and latency, whether it is on or not.
    struct StatsdNames {
        std::string count, latency;
    };
    explicit MetricNames(const std::vector<CustomFamily>& known = {}, const StatsdNames& requests = {});

    // Checks name, kind and tag keys and remembers the name. Refused: bad_name (not a metric name, one of ours, shares
    // a sample name with another, the thousand and first, a reserved tag key) or conflicting_kind.
    std::expected<void, Refused> admit(const MetricView& metric, std::int64_t now_us);
    std::expected<void, Refused> admit(MetricKind kind, std::string_view name, std::int64_t now_us);
    std::size_t size() const { return known_.size(); }

  private:
    std::vector<std::string> of_statsd_;  // that the requests occupy at its receivers
    struct Known {
        MetricKind kind;
        std::int64_t last_us;
    };
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    bool is_ours(std::string_view name) const;
    std::expected<void, Refused> admit_new(MetricKind kind, std::string_view name, std::int64_t now_us);
    void claim(MetricKind kind, std::string_view name, std::int64_t now_us);
    void release(const std::string& name);

    std::unordered_map<std::string, Known, Hash, std::equal_to<>> known_;
    std::unordered_map<std::string, std::string, Hash, std::equal_to<>> owners_;  // sample or family name -> metric
};

// The family and sample names a metric occupies, in both text formats.
std::vector<std::string> occupied_names(MetricKind kind, std::string_view name);

}  // namespace outrigger::fold
