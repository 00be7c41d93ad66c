// The app's own metrics, under their own names. A count x is the family x_total unless it ends so. Pure.
#pragma once

#include <string>

#include "agent/fold/snapshot.h"
#include "agent/sinks/metrics/page.h"

namespace outrigger::metrics {

void append_custom(std::string& out, const fold::Snapshot& snapshot, Format format);

}  // namespace outrigger::metrics
