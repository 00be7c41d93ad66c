// Metric families as text 0.0.4 or OpenMetrics 1.0. prometheus-cpp's own writer lacks OpenMetrics and the escapes of
// HELP. Formats: https://prometheus.io/docs/instrumenting/exposition_formats/ and the OpenMetrics 1.0 specification.
// Pure.
#pragma once

#include <string>
#include <string_view>

#include <prometheus/metric_family.h>

#include "agent/sinks/metrics/page.h"

namespace outrigger::metrics {

// # HELP and # TYPE. A counter's name is given with _total, which OpenMetrics leaves out here.
std::string to_head(std::string_view name, std::string_view help, std::string_view type, Format format);
// Counters, gauges and histograms; `bucket` of a histogram ends with +Inf.
void append(std::string& out, const prometheus::MetricFamily& family, Format format);

}  // namespace outrigger::metrics
