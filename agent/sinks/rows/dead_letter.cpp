#include "agent/sinks/rows/dead_letter.h"

namespace outrigger::rows {

namespace {

using Outcome = std::expected<void, DatabaseError>;

DatabaseError held(std::string what, std::string sqlstate = {}) {
    return {Trouble::hold, std::move(sqlstate), std::move(what)};
}

// COPY behind a savepoint, so that the transaction goes on when it is refused.
Outcome try_copy(Session& session, std::span<const char> tuples, std::size_t rows) {
    if (const auto saved = session.query("SAVEPOINT piece"); !saved) return std::unexpected(saved.error());
    const auto copied = session.copy(tuples);
    if (copied && *copied == rows) {
        const auto released = session.query("RELEASE SAVEPOINT piece");
        return released ? Outcome() : std::unexpected(released.error());
    }
    if (!copied && copied.error().trouble != Trouble::row) return std::unexpected(copied.error());
    if (const auto undone = session.query("ROLLBACK TO SAVEPOINT piece"); !undone)
        return std::unexpected(undone.error());
    if (copied)
        return std::unexpected(
            kept_out("request_log", ": Postgres took " + std::to_string(*copied) + " of " + std::to_string(rows)));
    return std::unexpected(copied.error());
}

class Sorter {
  public:
    Sorter(Session& session, std::int32_t agent, const Batch& batch, RefusalWatch& watch,
           const DeadLetterSource& source)
        : session_(session), agent_(agent), batch_(batch), watch_(watch), source_(source) {}

    Outcome sort(std::size_t first, std::size_t end);
    std::size_t dead() const { return dead_; }

  private:
    Outcome bury(std::size_t row, const DatabaseError& why);
    Outcome insert(std::size_t row, const DatabaseError& why, const std::string& event);
    Outcome probe();

    Session& session_;
    const std::int32_t agent_;
    const Batch& batch_;
    RefusalWatch& watch_;
    const DeadLetterSource& source_;
    std::size_t dead_ = 0;
    bool probed_ = false;
};

// The server names the line: what stands before it goes in, it is put aside, and what stands behind it is offered. When
// it names none, halves are offered.
Outcome Sorter::sort(std::size_t first, std::size_t end) {
    while (first < end) {
        const auto copied = try_copy(session_, batch_.tuples(first, end), end - first);
        if (copied) {
            watch_.accepted(end - first);
            return watch_.too_many() ? std::unexpected(held("most rows are refused")) : Outcome();
        }
        const DatabaseError& why = copied.error();
        if (why.trouble != Trouble::row) return copied;
        std::size_t bad = first;
        if (end - first > 1 && why.line && *why.line >= 1 && *why.line <= end - first) {
            bad = first + *why.line - 1;
            if (bad > first) {
                if (auto before = sort(first, bad); !before) return before;
            }
        } else if (end - first > 1) {
            const std::size_t middle = first + (end - first) / 2;
            if (auto before = sort(first, middle); !before) return before;
            first = middle;
            continue;
        }
        if (auto buried = bury(bad, why); !buried) return buried;
        first = bad + 1;
    }
    return {};
}

Outcome Sorter::bury(std::size_t row, const DatabaseError& why) {
    watch_.refused();
    if (watch_.too_many())
        return std::unexpected(
            held("more than half of a hundred rows in a row are refused: " + why.what, why.sqlstate));
    if (!probed_) {
        if (auto good = probe(); !good) return good;
        probed_ = true;
    }
    const auto event = source_.event(batch_.position(row));
    if (!event) return std::unexpected(DatabaseError{Trouble::resource, "", "the journal cannot be read"});
    auto kept = insert(row, why, event->json);
    if (!kept && kept.error().trouble == Trouble::row)
        kept = insert(row, why, "{\"base64\":\"" + event->base64 + "\"}");
    if (!kept && kept.error().trouble == Trouble::row) return std::unexpected(held(kept.error().what));
    if (kept) ++dead_;
    return kept;
}

// A row that was taken before is refused now: then it is not the rows.
Outcome Sorter::probe() {
    if (const auto saved = session_.query("SAVEPOINT probe"); !saved) return std::unexpected(saved.error());
    const auto copied = session_.copy(source_.good);
    if (!copied && copied.error().trouble != Trouble::row && copied.error().trouble != Trouble::no_partition)
        return std::unexpected(copied.error());
    if (const auto undone = session_.query("ROLLBACK TO SAVEPOINT probe"); !undone)
        return std::unexpected(undone.error());
    if (!copied && copied.error().trouble == Trouble::row)
        return std::unexpected(
            held("a row like those stored before is refused too: " + copied.error().what, copied.error().sqlstate));
    return {};
}

Outcome Sorter::insert(std::size_t row, const DatabaseError& why, const std::string& event) {
    if (const auto saved = session_.query("SAVEPOINT letter"); !saved) return std::unexpected(saved.error());
    const auto inserted = session_.change(
        "INSERT INTO outrigger_dead_letter (agent, \"position\", sqlstate, detail, event) VALUES ($1, $2, $3, $4, $5)",
        {std::to_string(agent_), std::to_string(batch_.position(row)), why.sqlstate, why.what, event});
    if (inserted && *inserted == 1) return {};
    if (!inserted && inserted.error().trouble != Trouble::row) return std::unexpected(inserted.error());
    if (const auto undone = session_.query("ROLLBACK TO SAVEPOINT letter"); !undone)
        return std::unexpected(undone.error());
    if (!inserted) return std::unexpected(inserted.error());
    return std::unexpected(kept_out("outrigger_dead_letter"));
}

}  // namespace

void RefusalWatch::accepted(std::size_t rows) { count(rows, false); }
void RefusalWatch::refused() { count(1, true); }

void RefusalWatch::count(std::size_t rows, bool was_refused) {
    offered_ += rows;
    if (was_refused) refused_ += rows;
    if (offered_ < window) return;
    if (was_refused && refused_ * 2 > offered_) {
        too_many_ = true;
        return;
    }
    offered_ = refused_ = 0;
}

std::expected<std::size_t, DatabaseError> store_apart(Session& session, std::int32_t agent, const Batch& batch,
                                                      RefusalWatch& watch, const DeadLetterSource& source) {
    if (const auto set = session.query("SET CONSTRAINTS ALL IMMEDIATE"); !set) return std::unexpected(set.error());
    Sorter sorter(session, agent, batch, watch, source);
    if (const auto sorted = sorter.sort(0, batch.rows()); !sorted) return std::unexpected(sorted.error());
    return sorter.dead();
}

}  // namespace outrigger::rows
