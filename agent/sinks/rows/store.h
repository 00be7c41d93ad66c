// One transaction: the ledger's compare-and-set first, then the rows, the drops and the dead letters; all of it or
// nothing. Used by the rows worker's thread.
#pragma once

#include "agent/sinks/rows/batch.h"
#include "agent/sinks/rows/dead_letter.h"
#include "agent/sinks/rows/session.h"

namespace outrigger::rows {

// `meanwhile`: as Session::copy has it. On success: how many rows became dead letters. Trouble::fenced: the ledger was
// not at batch.from().
std::expected<std::size_t, DatabaseError> store(Session& session, std::int32_t agent, const Batch& batch,
                                                RefusalWatch& watch, const DeadLetterSource& source,
                                                const Meanwhile& meanwhile = {});

}  // namespace outrigger::rows
