// The worker's part that compares the ledger with the cursor, at start and on each new connection.
#include <algorithm>
#include <utility>

#include "agent/sinks/rows/ledger.h"
#include "agent/sinks/rows/minimal_row.h"
#include "agent/sinks/rows/worker.h"

namespace outrigger::rows {

// What has no cursor starts at the journal's mark. Until a ledger has been read, positions from `next_position` on are
// not known to be unused: that stands in the checkpoint before any of them is acknowledged.
void RowsSink::Worker::prepare() {
    if (facts_.journal && *facts_.journal != parts_.journal.uuid()) parts_.journal.set_uuid(*facts_.journal);
    if (!cursor_.on) {
        const auto mark = parts_.journal.mark();
        cursor_ = {};
        cursor_.on = true;
        cursor_.position = mark.position;
        cursor_.base = cursor_.requests = journal::requests(mark.counts);
        belief_.fresh = true;
        parts_.tally.push(cursor_);
    }
    if (!facts_.beginning) facts_.beginning = Beginning{cursor_.position, cursor_.requests};
    facts_.uncompared = std::min(facts_.uncompared.value_or(parts_.next_position), parts_.next_position);
    if (const auto kept = keep_facts(parts_, facts_); !kept)
        report_.say("the checkpoint cannot be written: " + kept.error().what);
    belief_.reach = *facts_.uncompared - 1;
    report_.push();
}

journal::Uuid RowsSink::Worker::uuid() const { return facts_.journal.value_or(parts_.journal.uuid()); }

RowsSink::Worker::Outcome RowsSink::Worker::resume() {
    reader_.reset();
    const auto row = find_ledger(*session_, uuid());
    if (!row) return std::unexpected(row.error());
    // It stands where it was wanted, and would not move.
    if (*row && (*row)->position == std::exchange(fenced_at_, std::nullopt)) {
        fences_ = 0;
        return std::unexpected(kept_out("outrigger_ledger"));
    }
    belief_.cursor = cursor_.position;
    belief_.begin = facts_.beginning->position;
    std::optional<std::int32_t> agent = *row ? (*row)->agent : facts_.agent;
    if (!*row && agent) {
        const auto free = number_is_free(*session_, *agent);
        if (!free) return std::unexpected(free.error());
        if (!*free) agent.reset();  // another database: there it is somebody else's
    }
    belief_.numbered = agent.has_value();
    Plan plan = compare(belief_, *row);
    if (plan.what == Resume::look) {
        const auto stored = find_stored(*session_, *agent);
        if (!stored) return std::unexpected(stored.error());
        plan = compare(belief_, *stored);
    }
    agent_ = agent.value_or(0);
    if (plan.what == Resume::foreign) return begin_anew();
    Facts facts = facts_;
    facts.uncompared.reset();
    facts.agent = agent;
    if (auto kept = keep(facts); !kept) return kept;
    const auto written = write_ledger(*row, plan);
    if (!written) return std::unexpected(written.error());
    facts.agent = agent_ = *written;
    if (auto kept = keep(facts); !kept) return kept;
    return move_to(plan.position);
}

// Makes our row, or puts it where the other tables say; nothing to do when it is there already.
std::expected<std::int32_t, DatabaseError> RowsSink::Worker::write_ledger(const std::optional<LedgerRow>& row,
                                                                          const Plan& plan) {
    if (!row) {
        const auto made = make_ledger(*session_, uuid(), facts_.agent, plan.position, plan.accepted);
        if (!made) return std::unexpected(made.error());
        return made->agent;
    }
    if (row->position == plan.position) return row->agent;
    const auto set = set_ledger(*session_, *row, {plan.position, plan.accepted});
    if (!set) return std::unexpected(set.error());
    if (!*set) {
        fenced_at_ = row->position;
        return std::unexpected(DatabaseError{Trouble::fenced, "", "the ledger has moved"});
    }
    return row->agent;
}

// Positions beyond what we can have stored are stored: the journal is older than its ledger. What lies before them was
// stored under the old number; from there on this is another journal.
RowsSink::Worker::Outcome RowsSink::Worker::begin_anew() {
    const std::uint64_t position = facts_.uncompared ? *facts_.uncompared - 1 : cursor_.position;
    if (auto moved = move_to(position); !moved) return moved;
    Facts facts;
    facts.journal = journal::make_uuid();
    facts.beginning = Beginning{cursor_.position, cursor_.requests};
    if (auto kept = keep(facts); !kept) return kept;
    parts_.journal.set_uuid(*facts_.journal);
    report_.say("the journal is older than what Postgres has of it: from position " + std::to_string(position) +
                " on it is journal " + to_text(*facts_.journal));
    return resume();
}

RowsSink::Worker::Outcome RowsSink::Worker::keep(const Facts& facts) {
    if (facts == facts_) return {};
    if (const auto kept = keep_facts(parts_, facts); !kept)
        return std::unexpected(
            DatabaseError{Trouble::hold, "", "the checkpoint cannot be written: " + kept.error().what});
    facts_ = facts;
    return {};
}

// The cursor goes where the ledger is: forward over what was stored without our knowing, or back over what a failover
// took away.
RowsSink::Worker::Outcome RowsSink::Worker::move_to(std::uint64_t position) {
    if (position == cursor_.position) {
        if (auto read = read_from(position, cursor_.requests); !read) return read;
    } else if (position > cursor_.position) {
        const auto dropped = dropped_between(*session_, agent_, cursor_.position, position);
        if (!dropped) return std::unexpected(dropped.error());
        if (auto read = read_from(position, std::nullopt); !read) return read;
        std::uint64_t stored = journal::requests(reader_->counts()) - cursor_.requests;
        for (const auto& [reason, events] : *dropped) {
            const std::uint64_t part = std::min(events, stored);
            cursor_.dropped[static_cast<std::size_t>(reason)] += part;
            stored -= part;
        }
        cursor_.delivered += stored;
    } else {
        const bool is_beginning = position == facts_.beginning->position;
        auto read = read_from(position, is_beginning ? std::optional(facts_.beginning->requests) : std::nullopt);
        if (!read) return read;
        const std::uint64_t requests = journal::requests(reader_->counts());
        if (belief_.fresh)
            cursor_.base = requests;
        else
            cursor_.rewound += cursor_.requests - requests;
    }
    // Until the ledger is past it, a commit whose answer was lost may still come true: its backend need only be slow.
    belief_.reach = position > cursor_.position ? position : std::max(belief_.reach, cursor_.position);
    belief_.cursor = position;
    cursor_.position = position;
    cursor_.requests = journal::requests(reader_->counts());
    belief_.fresh = false;
    parts_.tally.push(cursor_);
    if (source_.good.empty()) source_.good = minimal_row({agent_, own_.service, own_.env, own_.version});
    return {};
}

// The journal's count at a position is only a guess once the segment that held it is gone: kept within what is
// possible.
RowsSink::Worker::Outcome RowsSink::Worker::read_from(std::uint64_t position,
                                                      const std::optional<std::uint64_t>& requests) {
    reader_ =
        parts_.journal.read_from(position, requests ? std::optional(journal::requests_alone(*requests)) : std::nullopt);
    for (const auto since = std::chrono::steady_clock::now(); !reader_->try_to_count();)
        if (auto waited = wait_for_disk(since); !waited) return waited;
    const std::uint64_t found = journal::requests(reader_->counts());
    std::uint64_t least = cursor_.requests;
    std::uint64_t most = cursor_.requests;
    if (position > cursor_.position) most += position - cursor_.position;
    if (position < cursor_.position) least = belief_.fresh ? 0 : cursor_.base;
    const std::uint64_t likely = std::clamp(found, least, most);
    if (likely != found) reader_ = parts_.journal.read_from(position, journal::requests_alone(likely));
    return {};
}

}  // namespace outrigger::rows
