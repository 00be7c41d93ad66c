// A journaled request as people read it, for a dead letter. Pure. Used by the rows worker.
#pragma once

#include <string>

#include "agent/journal/entry.h"
#include "agent/sinks/rows/dead_letter.h"

namespace outrigger::rows {

// Field names as in request_log, and what the row leaves out (error message and stack).
LostEvent describe(const journal::Entry& entry, const RowContext& context);
std::string to_base64(Bytes bytes);

}  // namespace outrigger::rows
