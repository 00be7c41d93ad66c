#include "agent/sinks/rows/rows.h"

#include "agent/sinks/rows/worker.h"

namespace outrigger::rows {

RowsSink::RowsSink(RowsSettings settings, RowsParts parts)
    : worker_(std::make_unique<Worker>(std::move(settings), std::move(parts))) {}

RowsSink::~RowsSink() = default;

bool RowsSink::stop(std::chrono::milliseconds deadline) { return worker_->stop(deadline); }

}  // namespace outrigger::rows
