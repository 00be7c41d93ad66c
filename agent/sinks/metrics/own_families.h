// What the agent says of itself, as prometheus-cpp families: outrigger_*, app_info and process_*. Pure.
#pragma once

#include <vector>

#include <prometheus/metric_family.h>

#include "agent/fold/snapshot.h"
#include "agent/sinks/metrics/page.h"

namespace outrigger::metrics {

std::vector<prometheus::MetricFamily> agent_families(const fold::Snapshot& snapshot, const AgentFacts& facts);
std::vector<prometheus::MetricFamily> sink_families(const std::vector<books::Page>& sinks);
std::vector<prometheus::MetricFamily> process_families(const ProcessFacts& process);

// One family, added to as its values become known.
class FamilyBuilder {
  public:
    FamilyBuilder(std::string name, std::string help, prometheus::MetricType type)
        : family_{std::move(name), std::move(help), type, {}} {}

    FamilyBuilder& add(double value, std::vector<prometheus::ClientMetric::Label> labels = {});
    FamilyBuilder& add(std::uint64_t value, std::vector<prometheus::ClientMetric::Label> labels = {}) {
        return add(static_cast<double>(value), std::move(labels));
    }
    prometheus::MetricFamily take() { return std::move(family_); }

  private:
    prometheus::MetricFamily family_;
};
inline FamilyBuilder counter(std::string name, std::string help) {
    return {std::move(name), std::move(help), prometheus::MetricType::Counter};
}
inline FamilyBuilder gauge(std::string name, std::string help) {
    return {std::move(name), std::move(help), prometheus::MetricType::Gauge};
}

}  // namespace outrigger::metrics
