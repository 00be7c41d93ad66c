// Where to go on after a connection was made: our cursor and the ledger brought to agree. Used by the rows worker's
// thread, before the first transaction of each session.
#pragma once

#include <expected>
#include <functional>
#include <memory>

#include "agent/books/cursor.h"
#include "agent/journal/reader.h"
#include "agent/sinks/rows/ledger.h"
#include "agent/sinks/rows/rows.h"

namespace outrigger::rows {

struct Aligned {
    LedgerRow ledger;
    books::Cursor cursor;
    std::unique_ptr<journal::Reader> reader;  // stands at cursor.position
};

// Facts in the checkpoint. `rows.uncompared`: the lowest first position not yet compared with a ledger.
inline constexpr const char* fact_agent = "rows.agent";
inline constexpr const char* fact_uncompared = "rows.uncompared";
inline constexpr const char* fact_journal = "rows.journal";  // 32 hex digits, when it is not the segments' own
inline constexpr const char* fact_base = "rows.base_position";

std::expected<Aligned, DatabaseError> align(Session& session, RowsParts& parts, const books::Cursor& cursor);

}  // namespace outrigger::rows
