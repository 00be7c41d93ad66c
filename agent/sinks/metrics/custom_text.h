// The app's own metrics, under their own names. A count x is the family x_total unless it ends so. Pure.
#pragma once

#include <memory>
#include <vector>

#include "agent/fold/snapshot.h"
#include "agent/sinks/metrics/page.h"
#include "agent/sinks/metrics/text.h"

namespace outrigger::metrics {

// These borrow the snapshot.
void add_custom(std::vector<std::unique_ptr<Text>>& page, const fold::Snapshot& snapshot, Format format);

}  // namespace outrigger::metrics
