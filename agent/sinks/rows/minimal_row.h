// A row with as little in it as there may be, started now: offered when no row of ours was stored yet, to see whether
// request_log takes any. Used by the rows worker.
#pragma once

#include <vector>

#include "agent/sinks/rows/copy_row.h"

namespace outrigger::rows {

// One tuple; its position is 0.
std::vector<char> minimal_row(const RowContext& context);

}  // namespace outrigger::rows
