// Which of the two Prometheus text formats a scraper wants, from its Accept header.
// Pure. Called by whoever renders /metrics, on the door's thread.
#pragma once

#include <string_view>

namespace outrigger::http {

enum class MetricsFormat { text, open_metrics };

// OpenMetrics 1.0 only when it is named and no text form has a higher q; else text 0.0.4, also when nothing fits.
[[nodiscard]] MetricsFormat negotiate(std::string_view accept);

[[nodiscard]] std::string_view content_type(MetricsFormat format);

}  // namespace outrigger::http
