// Our row in outrigger_ledger: how far the journal is stored, kept in the same transactions as the rows. The fence of
// "exactly once". Used by the rows worker's thread.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <utility>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/journal/journal.h"
#include "agent/sinks/rows/session.h"

namespace outrigger::rows {

struct LedgerRow {
    std::int32_t agent = 0;
    std::uint64_t position = 0;
    std::uint64_t accepted = 0;
};

// What the other tables say of an agent, for a ledger row that is missing or set back.
struct Stored {
    std::uint64_t greatest = 0;  // position over rows, drops, dead letters and expired
    std::uint64_t events = 0;    // the sum of the four
};

std::string to_text(const journal::Uuid& uuid);

std::expected<std::optional<LedgerRow>, DatabaseError> find_ledger(Session& session, const journal::Uuid& uuid);
// `agent`: the number it had before, if it is known; none: a new one.
std::expected<LedgerRow, DatabaseError> make_ledger(Session& session, const journal::Uuid& uuid,
                                                    std::optional<std::int32_t> agent, std::uint64_t position,
                                                    std::uint64_t accepted);
std::expected<Stored, DatabaseError> find_stored(Session& session, std::int32_t agent);
// First in each transaction: false when somebody else was there. `settings`: statements of the transaction's own, sent
// along, since each round trip costs as much as dozens of rows.
std::expected<bool, DatabaseError> advance_ledger(Session& session, const std::string& settings, std::int32_t agent,
                                                  std::uint64_t from, std::uint64_t to, std::uint64_t accepted);
// Puts position and accepted to what find_stored said.
std::expected<bool, DatabaseError> set_ledger(Session& session, const LedgerRow& from, const Stored& to);
// Whether no ledger row has that number.
std::expected<bool, DatabaseError> number_is_free(Session& session, std::int32_t agent);
// Request events between two positions that were not stored as rows: drops and dead letters, by reason.
using DroppedEvents = std::vector<std::pair<books::SinkDrop, std::uint64_t>>;
std::expected<DroppedEvents, DatabaseError> dropped_between(Session& session, std::int32_t agent, std::uint64_t after,
                                                            std::uint64_t to);

}  // namespace outrigger::rows
