#include "agent/sinks/statsd/statsd.h"

#include "agent/sinks/statsd/worker.h"

namespace outrigger::statsd {

StatsdSink::StatsdSink(StatsdSettings settings, StatsdParts parts)
    : worker_(std::make_unique<Worker>(std::move(settings), std::move(parts))) {}

StatsdSink::~StatsdSink() = default;

bool StatsdSink::stop(std::chrono::milliseconds deadline) { return worker_->stop(deadline); }

}  // namespace outrigger::statsd
