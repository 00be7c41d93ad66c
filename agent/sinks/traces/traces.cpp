#include "agent/sinks/traces/traces.h"

#include "agent/sinks/traces/worker.h"

namespace outrigger::traces {

TracesSink::TracesSink(TracesSettings settings, TracesParts parts)
    : worker_(std::make_unique<Worker>(std::move(settings), std::move(parts))) {}

TracesSink::~TracesSink() = default;

bool TracesSink::stop(std::chrono::milliseconds deadline) { return worker_->stop(deadline); }

}  // namespace outrigger::traces
