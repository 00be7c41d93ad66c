// The families of the request series in one of the naming sets: rendered past prometheus-cpp, for there may be a
// hundred thousand. Nothing is allocated for a series. Pure.
#pragma once

#include <memory>
#include <vector>

#include "agent/fold/settings.h"
#include "agent/fold/snapshot.h"
#include "agent/sinks/metrics/page.h"
#include "agent/sinks/metrics/text.h"

namespace outrigger::metrics {

// These borrow the snapshot.
void add_requests(std::vector<std::unique_ptr<Text>>& page, const fold::Snapshot& snapshot, fold::NamingSet names,
                  Format format);

}  // namespace outrigger::metrics
