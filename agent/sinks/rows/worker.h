// The rows sink's thread: connect, agree with the ledger, store batch after batch, and wait in good order when Postgres
// does not want to. Everything in here belongs to that thread but stop() and what its mutex guards.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "agent/sinks/backoff.h"
#include "agent/sinks/rows/alignment.h"
#include "agent/sinks/rows/batch.h"
#include "agent/sinks/rows/rows.h"

namespace outrigger::rows {

class RowsSink::Worker {
  public:
    Worker(RowsSettings settings, RowsParts parts);
    bool stop(std::chrono::milliseconds deadline);

  private:
    using Outcome = std::expected<void, DatabaseError>;

    void begin_cursor();
    void run();
    bool enough() const;  // asked to stop, and nothing pending or the deadline past
    Outcome connect();
    Outcome store_next();
    Outcome prepare_days();
    Outcome store();
    Outcome store_dead_letters();
    Outcome store_losses();
    Outcome try_known_good();
    void stored();
    Outcome refused(const DatabaseError& error);
    void look_after_partitions();
    void failed(const DatabaseError& error);
    void push_health(bool up, const std::string& error);
    void wait(std::chrono::milliseconds time);
    std::optional<std::string> password() const;

    const RowsSettings settings_;
    RowsParts parts_;
    books::Cursor cursor_;
    std::optional<Session> session_;
    LedgerRow ledger_;
    std::unique_ptr<journal::Reader> reader_;
    Batch batch_;
    std::map<std::uint64_t, Poison> poison_;  // rows that Postgres refused, by position
    std::size_t row_limit_ = Batch::most_rows;
    std::size_t recent_rows_ = 0, recent_refused_ = 0;  // the breaker: since at least 100 rows were last looked at
    std::vector<char> good_row_;                        // a whole COPY of the last row that was stored
    std::set<Day> days_;                                // whose partitions are known to be there
    std::chrono::steady_clock::time_point looked_after_{};
    sinks::Backoff backoff_;
    books::Health health_;
    std::string said_;  // the trouble last logged
    std::string statements_said_;

    std::mutex mutex_;  // guards stopping_ and deadline_
    std::condition_variable wake_;
    bool stopping_ = false;
    std::chrono::steady_clock::time_point deadline_{};
    std::jthread thread_;
};

}  // namespace outrigger::rows
