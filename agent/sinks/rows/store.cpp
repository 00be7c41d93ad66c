#include "agent/sinks/rows/store.h"

#include <spdlog/fmt/fmt.h>

#include "agent/sinks/rows/ledger.h"

namespace outrigger::rows {

namespace {

// Set for the transaction alone, since a pool may stand between us and the server. Keepalives: a server that cannot
// see that we are gone would else hold the ledger's row in the middle of a COPY for its own two hours.
std::string transaction_settings(const TimeLimits& limits) {
    return fmt::format(
        "SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {}; "
        "SET LOCAL idle_in_transaction_session_timeout = '60s'; SET LOCAL tcp_keepalives_idle = 10; "
        "SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3",
        limits.lock().count(), limits.statement().count());
}

std::expected<void, DatabaseError> begin(Session& session, std::int32_t agent, const Batch& batch) {
    if (const auto begun = session.begin(); !begun) return begun;
    const auto ours = advance_ledger(session, transaction_settings(session.limits()), agent, batch.from(), batch.to(),
                                     batch.accepted());
    if (!ours) return std::unexpected(ours.error());
    if (!*ours) return std::unexpected(DatabaseError{Trouble::fenced, "", "the ledger has moved"});
    return {};
}

std::expected<void, DatabaseError> insert_drops(Session& session, std::int32_t agent, const Batch& batch) {
    for (const Loss& loss : batch.losses()) {
        if (loss.events == 0) continue;
        const auto inserted = session.change(
            "INSERT INTO outrigger_drops (agent, first, last, events, reason) VALUES ($1, $2, $3, $4, $5)",
            {std::to_string(agent), std::to_string(loss.first), std::to_string(loss.last), std::to_string(loss.events),
             std::string(books::to_string(loss.reason))});
        if (!inserted) return std::unexpected(inserted.error());
        if (*inserted != 1) return std::unexpected(kept_out("outrigger_drops"));
    }
    return {};
}

std::expected<std::size_t, DatabaseError> store_once(Session& session, std::int32_t agent, const Batch& batch,
                                                     bool apart, RefusalWatch& watch, const DeadLetterSource& source,
                                                     const Meanwhile& meanwhile) {
    if (const auto begun = begin(session, agent, batch); !begun) return std::unexpected(begun.error());
    std::size_t dead = 0;
    if (apart) {
        const auto sorted = store_apart(session, agent, batch, watch, source);
        if (!sorted) return sorted;
        dead = *sorted;
    } else if (batch.rows() > 0) {
        const auto copied = session.copy(batch.tuples(0, batch.rows()), meanwhile);
        if (!copied) return std::unexpected(copied.error());
        if (*copied != batch.rows())
            return std::unexpected(
                kept_out("request_log", fmt::format(": Postgres took {} of {}", *copied, batch.rows())));
    }
    if (const auto inserted = insert_drops(session, agent, batch); !inserted) return std::unexpected(inserted.error());
    if (const auto committed = session.commit(); !committed) return std::unexpected(committed.error());
    return dead;
}

}  // namespace

std::expected<std::size_t, DatabaseError> store(Session& session, std::int32_t agent, const Batch& batch,
                                                RefusalWatch& watch, const DeadLetterSource& source,
                                                const Meanwhile& meanwhile) {
    auto stored = store_once(session, agent, batch, false, watch, source, meanwhile);
    if (stored) watch = {};
    if (!stored && stored.error().trouble == Trouble::row) {
        session.roll_back();
        RefusalWatch counting = watch;
        stored = store_once(session, agent, batch, true, counting, source, meanwhile);
        if (stored) watch = counting;
        // Refused, but not one by one: at the end of the transaction.
        if (!stored && stored.error().trouble == Trouble::row) stored.error().trouble = Trouble::hold;
    }
    if (!stored) session.roll_back();
    return stored;
}

}  // namespace outrigger::rows
