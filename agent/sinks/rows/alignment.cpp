#include "agent/sinks/rows/alignment.h"

#include <cstdlib>

#include "shared/trace_ids.h"

namespace outrigger::rows {

namespace {

std::uint64_t to_number(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

std::unexpected<DatabaseError> hold(std::string what) {
    DatabaseError error;
    error.trouble = Trouble::hold;
    error.what = std::move(what);
    return std::unexpected(std::move(error));
}

std::unique_ptr<journal::Reader> read_from(RowsParts& parts, std::uint64_t position, std::uint64_t requests) {
    journal::Counts counts{};
    counts[static_cast<std::size_t>(journal::Kind::request)] = requests;
    return parts.journal.read_from(position, counts);
}

journal::Uuid uuid_of(RowsParts& parts) {
    journal::Uuid uuid = parts.journal.uuid();
    const std::string own = parts.fact(fact_journal);
    if (own.size() == uuid.size()) std::copy(own.begin(), own.end(), uuid.begin());
    return uuid;
}

// Stored while we did not look: a crash before the checkpoint, or a commit whose answer was lost.
std::expected<void, DatabaseError> go_forward(Session& session, Aligned& state) {
    const std::uint64_t from = state.cursor.position;
    while (state.reader->position() < state.ledger.position) {
        const auto& step = state.reader->next();
        if (step.what == journal::Step::What::end) break;
        if (step.what == journal::Step::What::retry) return hold("the journal cannot be read");
    }
    const auto dropped = dropped_between(session, state.ledger.agent, from, state.ledger.position);
    if (!dropped) return std::unexpected(dropped.error());
    const std::uint64_t requests = journal::requests(state.reader->counts());
    const std::uint64_t passed = requests - state.cursor.requests;
    for (const auto& [reason, events] : *dropped) state.cursor.dropped[static_cast<std::size_t>(reason)] += events;
    std::uint64_t not_rows = 0;
    for (const auto& [reason, events] : *dropped) not_rows += events;
    state.cursor.delivered += passed - std::min(passed, not_rows);
    state.cursor.position = std::max(state.ledger.position, state.reader->position());
    state.cursor.requests = requests;
    return {};
}

// The database has less than we stored: a failover, a restored dump. What it lost is stored again.
std::expected<void, DatabaseError> go_back(Session& session, RowsParts& parts, Aligned& state) {
    auto at_ledger = read_from(parts, state.ledger.position, state.cursor.requests);
    if (journal::requests(at_ledger->counts()) == state.cursor.requests) return {};  // nothing of ours lies between
    const auto stored = find_stored(session, state.ledger.agent);
    if (!stored) return std::unexpected(stored.error());
    const auto set = set_ledger(session, state.ledger, *stored);
    if (!set) return std::unexpected(set.error());
    if (!*set) return hold("the ledger is being changed by somebody else");
    state.ledger.position = stored->greatest;
    state.ledger.accepted = stored->events;
    state.reader = read_from(parts, stored->greatest, state.cursor.base + stored->events);
    const std::uint64_t requests = journal::requests(state.reader->counts());
    const std::uint64_t kept = requests - std::min(requests, state.cursor.base);
    const std::uint64_t done = state.cursor.delivered - state.cursor.rewound + state.cursor.dropped_total();
    state.cursor.rewound += done - std::min(done, kept);
    state.cursor.position = stored->greatest;
    state.cursor.requests = requests;
    parts.say("rows: the database is behind what was stored; going back to position " +
              std::to_string(stored->greatest));
    return {};
}

std::expected<LedgerRow, DatabaseError> make_missing(Session& session, RowsParts& parts, const journal::Uuid& uuid,
                                                     const books::Cursor& cursor) {
    const std::string agent = parts.fact(fact_agent);
    if (agent.empty()) return make_ledger(session, uuid, std::nullopt, cursor.position, 0);
    const auto number = static_cast<std::int32_t>(to_number(agent));
    const auto stored = find_stored(session, number);
    if (!stored) return std::unexpected(stored.error());
    parts.say("rows: our row in outrigger_ledger is missing; making it anew");
    const std::uint64_t position = stored->events == 0 ? to_number(parts.fact(fact_base)) : stored->greatest;
    return make_ledger(session, uuid, number, position, stored->events);
}

// Positions from `first` on were used before by a journal that is gone: they belong to a new one.
std::expected<LedgerRow, DatabaseError> begin_anew(Session& session, RowsParts& parts, std::uint64_t first) {
    IdSource random;
    journal::Uuid uuid{};
    for (auto& byte : uuid) byte = static_cast<std::uint8_t>(random.next() >> 32);
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
    const auto kept = parts.keep({{fact_journal, std::string(uuid.begin(), uuid.end())},
                                  {fact_agent, ""},
                                  {fact_base, std::to_string(first - 1)}});
    if (!kept) return hold("checkpoint: " + kept.error().what);
    parts.say("rows: the ledger is ahead of the journal, which was set back; going on as a new one");
    return make_ledger(session, uuid, std::nullopt, first - 1, 0);
}

}  // namespace

std::expected<Aligned, DatabaseError> align(Session& session, RowsParts& parts, const books::Cursor& cursor) {
    Aligned state;
    state.cursor = cursor;
    const journal::Uuid uuid = uuid_of(parts);
    auto found = find_ledger(session, uuid);
    if (!found) return std::unexpected(found.error());
    const std::uint64_t uncompared = to_number(parts.fact(fact_uncompared));
    if (*found && uncompared > 0 && (*found)->position >= uncompared) {
        auto made = begin_anew(session, parts, uncompared);
        if (!made) return std::unexpected(made.error());
        state.ledger = *made;
    } else if (*found) {
        state.ledger = **found;
    } else {
        auto made = make_missing(session, parts, uuid, cursor);
        if (!made) return std::unexpected(made.error());
        state.ledger = *made;
    }
    state.reader = read_from(parts, state.cursor.position, state.cursor.requests);
    if (state.ledger.position > state.cursor.position) {
        if (auto done = go_forward(session, state); !done) return std::unexpected(done.error());
    } else if (state.ledger.position < state.cursor.position) {
        if (auto done = go_back(session, parts, state); !done) return std::unexpected(done.error());
    }
    const auto kept = parts.keep({{fact_agent, std::to_string(state.ledger.agent)}, {fact_uncompared, ""}});
    if (!kept) return hold("checkpoint: " + kept.error().what);
    return state;
}

}  // namespace outrigger::rows
