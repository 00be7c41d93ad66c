#include "agent/sinks/rows/worker.h"

#include <pthread.h>

#include <fstream>
#include <random>

namespace outrigger::rows {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto batch_time = 1s;
constexpr auto hold_time = 4s;
constexpr auto look_after_each = 1h;
constexpr std::size_t breaker_rows = 100;
constexpr int days_ahead = 3;
constexpr std::string_view transaction_settings =
    "SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '30s'; "
    "SET LOCAL idle_in_transaction_session_timeout = '60s'";

std::int64_t utc_us() {
    return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
        .count();
}

books::SinkDrop to_drop(journal::LossReason reason) {
    return reason == journal::LossReason::damaged ? books::SinkDrop::damaged : books::SinkDrop::journal_full;
}

DatabaseError make_error(Trouble trouble, std::string what) {
    DatabaseError error;
    error.trouble = trouble;
    error.what = std::move(what);
    return error;
}

}  // namespace

RowsSink::Worker::Worker(RowsSettings settings, RowsParts parts)
    : settings_(std::move(settings)),
      parts_(std::move(parts)),
      cursor_(parts_.tally.cursor()),
      backoff_(100ms, 30s, std::random_device{}()) {
    begin_cursor();
    batch_.clear();
    push_health(false, "not connected yet");
    thread_ = std::jthread([this] {
        ::pthread_setname_np(::pthread_self(), "rows");
        run();
    });
}

// A sink that was never on starts at the end of the journal. Until the ledger has been read, the first position of this
// life stands in the checkpoint: a ledger beyond it says that the journal was set back.
void RowsSink::Worker::begin_cursor() {
    std::map<std::string, std::string> facts;
    if (!cursor_.on) {
        const journal::Mark mark = parts_.journal.mark();
        cursor_.on = true;
        cursor_.position = parts_.next_position - 1;
        cursor_.base = cursor_.requests = journal::requests(mark.counts);
        facts[fact_base] = std::to_string(cursor_.position);
        parts_.tally.push(cursor_);
    }
    if (parts_.fact(fact_uncompared).empty()) facts[fact_uncompared] = std::to_string(parts_.next_position);
    if (facts.empty()) return;
    if (const auto kept = parts_.keep(facts); !kept) parts_.say("rows: checkpoint: " + kept.error().what);
}

bool RowsSink::Worker::stop(std::chrono::milliseconds deadline) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        deadline_ = Clock::now() + deadline;
    }
    wake_.notify_all();
    parts_.journal.wake_waiters();
    if (thread_.joinable()) thread_.join();
    return journal::requests(parts_.journal.mark().counts) == parts_.tally.cursor().requests;
}

bool RowsSink::Worker::enough() const {
    auto& self = const_cast<Worker&>(*this);
    const std::lock_guard lock(self.mutex_);
    if (!stopping_) return false;
    return Clock::now() >= deadline_ || parts_.journal.mark().position <= cursor_.position;
}

void RowsSink::Worker::run() {
    while (!enough()) {
        auto done = session_ ? store_next() : connect();
        if (!done) failed(done.error());
    }
    session_.reset();
}

RowsSink::Worker::Outcome RowsSink::Worker::connect() {
    auto session = Session::open(settings_.postgres, password());
    if (!session) return std::unexpected(session.error());
    if (const auto ready = ensure_schema(*session); !ready) {
        const SchemaError& error = ready.error();
        if (!error.statements.empty() && statements_said_ != error.statements) {
            statements_said_ = error.statements;
            parts_.say("rows: the role may not make what is needed; somebody who may should run: " + error.statements);
        }
        auto trouble = error.error;
        if (!error.statements.empty()) trouble.what += "; the statements to run are in the log";
        return std::unexpected(trouble);
    }
    auto aligned = align(*session, parts_, cursor_);
    if (!aligned) return std::unexpected(aligned.error());
    session_ = std::move(*session);
    ledger_ = aligned->ledger;
    cursor_ = aligned->cursor;
    reader_ = std::move(aligned->reader);
    batch_.clear();
    days_.clear();
    looked_after_ = {};
    parts_.tally.push(cursor_);
    push_health(true, "");
    return {};
}

RowsSink::Worker::Outcome RowsSink::Worker::store_next() {
    look_after_partitions();
    const RowContext context{ledger_.agent, settings_.service, settings_.env, settings_.version};
    batch_.clear();
    const auto begun = Clock::now();
    while (true) {
        fill(batch_, *reader_, context, poison_, row_limit_);
        if (batch_.must_retry) return std::unexpected(make_error(Trouble::resource, "the journal cannot be read"));
        const auto until = begun + batch_time;
        if (!batch_.at_end || batch_.full(row_limit_) || Clock::now() >= until || enough()) break;
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) break;
        }
        push_health(true, "");
        parts_.journal.wait_beyond(reader_->position(), until);
    }
    if (batch_.nothing_to_store()) {
        cursor_.position = std::max(cursor_.position, batch_.to);
        parts_.tally.push(cursor_);
        reader_->release(cursor_.position);
        return {};
    }
    append_trailer(batch_.copy);
    if (auto ready = prepare_days(); !ready) return ready;
    auto done = store();
    if (!done && done.error().trouble == Trouble::row) return refused(done.error());
    if (done) stored();
    return done;
}

RowsSink::Worker::Outcome RowsSink::Worker::prepare_days() {
    for (const Day day : batch_.days) {
        if (days_.contains(day)) continue;
        if (auto made = ensure_partition(*session_, day); !made) return made;
        days_.insert(day);
    }
    return {};
}

RowsSink::Worker::Outcome RowsSink::Worker::store() {
    if (auto begun = session_->begin(); !begun) return begun;
    if (auto set = session_->query(std::string(transaction_settings)); !set) return std::unexpected(set.error());
    const std::uint64_t events = batch_.rows.size() + batch_.dead.size() + batch_.lost();
    const auto ours = advance_ledger(*session_, ledger_.agent, ledger_.position, batch_.to, events);
    if (!ours) return std::unexpected(ours.error());
    if (!*ours) return std::unexpected(make_error(Trouble::connection, "the ledger moved; reading it again"));
    if (!batch_.rows.empty()) {
        const auto taken = session_->copy("request_log (" + std::string(columns) + ")", batch_.copy);
        if (!taken) return std::unexpected(taken.error());
        if (*taken != batch_.rows.size())
            return std::unexpected(make_error(Trouble::hold, "request_log took " + std::to_string(*taken) + " of " +
                                                                 std::to_string(batch_.rows.size()) +
                                                                 " rows: does a trigger eat them?"));
    }
    if (auto done = store_losses(); !done) return done;
    if (auto done = store_dead_letters(); !done) return done;
    return session_->commit();
}

RowsSink::Worker::Outcome RowsSink::Worker::store_losses() {
    for (const Loss& loss : batch_.losses) {
        const auto done = session_->change(
            "INSERT INTO outrigger_drops (agent, first, last, events, reason) VALUES ($1, $2, $3, $4, $5)",
            {std::to_string(ledger_.agent), std::to_string(loss.first), std::to_string(loss.last),
             std::to_string(loss.events), std::string(books::to_string(to_drop(loss.reason)))});
        if (!done) return std::unexpected(done.error());
    }
    return {};
}

RowsSink::Worker::Outcome RowsSink::Worker::store_dead_letters() {
    if (batch_.dead.empty()) return {};
    if (auto good = try_known_good(); !good) return good;
    for (const DeadLetter& letter : batch_.dead) {
        const auto insert = [&](const std::string& event) {
            return session_->change(
                "INSERT INTO outrigger_dead_letter (agent, \"position\", sqlstate, detail, event) "
                "VALUES ($1, $2, $3, $4, $5::jsonb)",
                {std::to_string(ledger_.agent), std::to_string(letter.position), letter.why.sqlstate, letter.why.detail,
                 event});
        };
        if (auto begun = session_->change("SAVEPOINT letter"); !begun) return std::unexpected(begun.error());
        auto done = insert(letter.event);
        if (!done && done.error().trouble == Trouble::row) {
            if (auto back = session_->change("ROLLBACK TO SAVEPOINT letter"); !back)
                return std::unexpected(back.error());
            done = insert("{\"base64\":\"" + letter.base64 + "\"}");
        }
        if (!done) return std::unexpected(make_error(Trouble::hold, "outrigger_dead_letter: " + done.error().what));
    }
    return {};
}

// When a row that was stored before is refused too, it is the table and not the row.
RowsSink::Worker::Outcome RowsSink::Worker::try_known_good() {
    if (good_row_.empty()) return {};
    if (auto begun = session_->change("SAVEPOINT probe"); !begun) return std::unexpected(begun.error());
    const auto taken = session_->copy("request_log (" + std::string(columns) + ")", good_row_);
    if (!taken && taken.error().trouble == Trouble::row)
        return std::unexpected(
            make_error(Trouble::hold, "request_log refuses rows that it took before: " + taken.error().what));
    if (auto back = session_->change("ROLLBACK TO SAVEPOINT probe"); !back) return std::unexpected(back.error());
    return {};
}

// In the order of the transaction; pushed in one go, so that the books hold at every reading.
void RowsSink::Worker::stored() {
    cursor_.position = batch_.to;
    cursor_.requests = batch_.requests;
    cursor_.delivered += batch_.rows.size();
    for (const Loss& loss : batch_.losses)
        cursor_.dropped[static_cast<std::size_t>(to_drop(loss.reason))] += loss.events;
    cursor_.dropped[static_cast<std::size_t>(books::SinkDrop::refused_by_database)] += batch_.dead.size();
    ledger_.position = batch_.to;
    parts_.tally.push(cursor_);
    reader_->release(cursor_.position);
    if (!batch_.rows.empty()) {
        const RowPlace& last = batch_.rows.back();
        good_row_.clear();
        append_header(good_row_);
        const auto from = batch_.copy.begin() + static_cast<std::ptrdiff_t>(last.offset);
        good_row_.insert(good_row_.end(), from, from + static_cast<std::ptrdiff_t>(last.length));
        append_trailer(good_row_);
    }
    recent_rows_ += batch_.rows.size() + batch_.dead.size();
    recent_refused_ += batch_.dead.size();
    if (recent_rows_ >= breaker_rows && recent_refused_ * 2 <= recent_rows_) recent_rows_ = recent_refused_ = 0;
    poison_.erase(poison_.begin(), poison_.upper_bound(cursor_.position));
    row_limit_ = Batch::most_rows;
    backoff_.reset();
    push_health(true, "");
}

// One row was refused for what is in it. The next try stores what stands before it, and it as a dead letter.
RowsSink::Worker::Outcome RowsSink::Worker::refused(const DatabaseError& error) {
    session_->roll_back();
    if (recent_rows_ >= breaker_rows && recent_refused_ * 2 > recent_rows_) {
        recent_rows_ = recent_refused_ = 0;
        return std::unexpected(make_error(Trouble::hold, "most rows are refused: " + error.what));
    }
    if (error.line && *error.line >= 1 && *error.line <= batch_.rows.size()) {
        poison_[batch_.rows[*error.line - 1].position] = {error.sqlstate, error.what};
        row_limit_ = *error.line + batch_.dead.size();
    } else if (batch_.rows.size() == 1) {
        poison_[batch_.rows.front().position] = {error.sqlstate, error.what};
    } else {
        row_limit_ = std::max<std::size_t>(1, (batch_.rows.size() + batch_.dead.size()) / 2);
    }
    journal::Counts counts{};
    counts[static_cast<std::size_t>(journal::Kind::request)] = cursor_.requests;
    reader_ = parts_.journal.read_from(cursor_.position, counts);
    return {};
}

void RowsSink::Worker::look_after_partitions() {
    if (looked_after_ != Clock::time_point{} && Clock::now() - looked_after_ < look_after_each) return;
    looked_after_ = Clock::now();
    const Day today = day_of(utc_us());
    for (int ahead = 0; ahead <= days_ahead; ++ahead)
        if (ensure_partition(*session_, today + std::chrono::days(ahead)))
            days_.insert(today + std::chrono::days(ahead));
    if (const auto dropped = expire(*session_, settings_.retention); dropped && *dropped > 0) days_.clear();
}

void RowsSink::Worker::failed(const DatabaseError& error) {
    push_health(false, error.what);
    if (session_) session_->roll_back();
    session_.reset();
    reader_.reset();
    days_.clear();
    const auto time = backoff_.next();
    wait(error.trouble == Trouble::hold ? std::min<std::chrono::milliseconds>(std::max(time, 500ms), hold_time) : time);
}

void RowsSink::Worker::push_health(bool up, const std::string& error) {
    const journal::Mark mark = parts_.journal.mark();
    const bool pending = journal::requests(mark.counts) > cursor_.requests;
    if (up != health_.up || error != health_.last_error) {
        if (up && !said_.empty()) parts_.say("rows: stored again");
        if (!up && said_.empty() && error != "not connected yet") parts_.say("rows: down: " + error);
        if (error != "not connected yet") said_ = error;
    }
    health_.up = up;
    health_.last_error = error;
    if (up || !pending) health_.progress_us = utc_us();
    health_.oldest_pending_us = !pending ? 0 : batch_.oldest_us != 0 ? batch_.oldest_us : mark.at_us;
    parts_.tally.push(health_);
}

void RowsSink::Worker::wait(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    const auto until = stopping_ ? std::min(deadline_, Clock::now() + std::min(time, 500ms)) : Clock::now() + time;
    wake_.wait_until(lock, until, [this] { return stopping_ && Clock::now() >= deadline_; });
}

std::optional<std::string> RowsSink::Worker::password() const {
    if (!settings_.password_file) return std::nullopt;
    std::ifstream file(*settings_.password_file);
    std::string line;
    std::getline(file, line);
    while (!line.empty() && (line.back() == '\r' || line.back() == '\n')) line.pop_back();
    return line;
}

RowsSink::RowsSink(RowsSettings settings, RowsParts parts)
    : worker_(std::make_unique<Worker>(std::move(settings), std::move(parts))) {}

RowsSink::~RowsSink() { worker_->stop(0ms); }

bool RowsSink::stop(std::chrono::milliseconds deadline) { return worker_->stop(deadline); }

}  // namespace outrigger::rows
