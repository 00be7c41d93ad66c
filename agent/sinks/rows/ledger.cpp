#include "agent/sinks/rows/ledger.h"

#include <spdlog/fmt/fmt.h>

#include <cstdlib>

namespace outrigger::rows {

namespace {

std::uint64_t number(const std::optional<std::string>& cell) {
    return cell ? std::strtoull(cell->c_str(), nullptr, 10) : 0;
}

LedgerRow to_row(const std::vector<std::optional<std::string>>& cells) {
    return {static_cast<std::int32_t>(number(cells.at(0))), number(cells.at(1)), number(cells.at(2))};
}

template <class Value>
std::unexpected<DatabaseError> failed(const std::expected<Value, DatabaseError>& outcome) {
    return std::unexpected(outcome.error());
}

}  // namespace

std::string to_text(const journal::Uuid& uuid) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t i = 0; i < uuid.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
        text += digits[uuid[i] >> 4];
        text += digits[uuid[i] & 15];
    }
    return text;
}

std::expected<std::optional<LedgerRow>, DatabaseError> find_ledger(Session& session, const journal::Uuid& uuid) {
    const auto found = session.execute("SELECT agent, \"position\", accepted FROM outrigger_ledger WHERE journal = '" +
                                       to_text(uuid) + "'");
    if (!found) return failed(found);
    if (found->empty()) return std::nullopt;
    return to_row(found->front());
}

std::expected<LedgerRow, DatabaseError> make_ledger(Session& session, const journal::Uuid& uuid,
                                                    std::optional<std::int32_t> agent, std::uint64_t position,
                                                    std::uint64_t accepted) {
    const std::string number_columns = agent ? "agent, " : "";
    const std::string number_values = agent ? std::to_string(*agent) + ", " : "";
    const std::string statement = "INSERT INTO outrigger_ledger (" + number_columns +
                                  "journal, \"position\", accepted) " + (agent ? "OVERRIDING SYSTEM VALUE " : "") +
                                  "VALUES (" + number_values + "'" + to_text(uuid) + "', " + std::to_string(position) +
                                  ", " + std::to_string(accepted) + ") RETURNING agent, \"position\", accepted";
    // A number that was written back by hand may stand where the sequence goes next: each attempt takes it further.
    constexpr int most_attempts = 100;
    auto made = session.execute(statement);
    for (int i = 1; !made && made.error().sqlstate == "23505" && !agent && i < most_attempts; ++i)
        made = session.execute(statement);
    if (!made) return failed(made);
    if (made->empty()) return std::unexpected(kept_out("outrigger_ledger"));
    return to_row(made->front());
}

std::expected<Stored, DatabaseError> find_stored(Session& session, std::int32_t agent) {
    const std::string who = " WHERE agent = " + std::to_string(agent);
    session.wait_for(std::chrono::minutes(10));  // all rows of all days
    const auto found = session.ask(
        "SELECT coalesce(max(greatest), 0), coalesce(sum(events), 0) FROM ("
        "SELECT max(\"position\") AS greatest, count(*) AS events FROM request_log" +
        who + " UNION ALL SELECT max(last), sum(events) FROM outrigger_drops" + who +
        " UNION ALL SELECT max(\"position\"), count(*) FROM outrigger_dead_letter" + who +
        " UNION ALL SELECT max(last), sum(events) FROM outrigger_expired" + who + ") AS stored");
    session.wait_for(std::nullopt);
    if (!found) return failed(found);
    return Stored{number(found->at(0)), number(found->at(1))};
}

std::expected<bool, DatabaseError> advance_ledger(Session& session, const std::string& settings, std::int32_t agent,
                                                  std::uint64_t from, std::uint64_t to, std::uint64_t accepted) {
    const auto changed = session.change(
        fmt::format("{}; UPDATE outrigger_ledger SET \"position\" = {}, accepted = accepted + {}, updated_at = now() "
                    "WHERE agent = {} AND \"position\" = {}",
                    settings, to, accepted, agent, from));
    if (!changed) return failed(changed);
    return *changed == 1;
}

std::expected<bool, DatabaseError> set_ledger(Session& session, const LedgerRow& from, const Stored& to) {
    const auto changed = session.execute("UPDATE outrigger_ledger SET \"position\" = " + std::to_string(to.greatest) +
                                         ", accepted = " + std::to_string(to.events) +
                                         ", updated_at = now() WHERE agent = " + std::to_string(from.agent) +
                                         " AND \"position\" = " + std::to_string(from.position) + " RETURNING 1");
    if (!changed) return failed(changed);
    return changed->size() == 1;
}

std::expected<bool, DatabaseError> number_is_free(Session& session, std::int32_t agent) {
    const auto found = session.execute("SELECT FROM outrigger_ledger WHERE agent = " + std::to_string(agent));
    if (!found) return failed(found);
    return found->empty();
}

std::expected<DroppedEvents, DatabaseError> dropped_between(Session& session, std::int32_t agent, std::uint64_t after,
                                                            std::uint64_t to) {
    const std::string who = "agent = " + std::to_string(agent);
    const std::string low = std::to_string(after);
    const std::string high = std::to_string(to);
    const auto found = session.execute(
        "SELECT reason, sum(events) FROM outrigger_drops WHERE " + who + " AND first > " + low +
        " AND last <= " + high + " GROUP BY reason UNION ALL SELECT '" +
        std::string(to_string(books::SinkDrop::refused_by_database)) + "', count(*) FROM outrigger_dead_letter WHERE " +
        who + " AND \"position\" > " + low + " AND \"position\" <= " + high);
    if (!found) return failed(found);
    DroppedEvents events;
    for (const auto& cells : *found) {
        auto reason = books::SinkDrop::damaged;
        for (std::size_t i = 0; i < static_cast<std::size_t>(books::SinkDrop::count_); ++i)
            if (to_string(static_cast<books::SinkDrop>(i)) == cells.at(0)) reason = static_cast<books::SinkDrop>(i);
        events.emplace_back(reason, number(cells.at(1)));
    }
    return events;
}

}  // namespace outrigger::rows
