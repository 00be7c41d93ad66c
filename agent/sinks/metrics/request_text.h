// The families of the request series in one of the naming sets: rendered past prometheus-cpp, for there may be a
// hundred thousand. Nothing is allocated for a series. Pure.
#pragma once

#include <string>

#include "agent/fold/settings.h"
#include "agent/fold/snapshot.h"
#include "agent/sinks/metrics/page.h"

namespace outrigger::metrics {

void append_requests(std::string& out, const fold::Snapshot& snapshot, fold::NamingSet names, Format format);

}  // namespace outrigger::metrics
