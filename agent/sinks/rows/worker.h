// The rows sink's thread: connects, makes sure of the tables, reads the ledger, stores batch after batch, and begins
// anew after each failure. All members belong to that thread, but for the order to stop.
#pragma once

#include <atomic>
#include <random>
#include <thread>

#include "agent/sinks/reader_worker.h"
#include "agent/sinks/rows/batch.h"
#include "agent/sinks/rows/batch_size.h"
#include "agent/sinks/rows/connector.h"
#include "agent/sinks/rows/facts.h"
#include "agent/sinks/rows/lifeline.h"
#include "agent/sinks/rows/report.h"
#include "agent/sinks/rows/resume.h"
#include "agent/sinks/rows/rows.h"
#include "agent/sinks/rows/schema.h"
#include "agent/sinks/rows/store.h"

namespace outrigger::rows {

class RowsSink::Worker {
  public:
    Worker(RowsSettings settings, RowsParts parts);
    ~Worker();
    bool stop(std::chrono::milliseconds deadline);

  private:
    using Outcome = std::expected<void, DatabaseError>;

    void prepare();  // before the thread: what must be durable before anything is acknowledged
    void run();
    Outcome live();  // one connection, until it fails or there is no more to do
    Outcome connect();
    Outcome resume();
    Outcome begin_anew();
    Outcome move_to(std::uint64_t position);
    Outcome keep(const Facts& facts);
    std::expected<std::int32_t, DatabaseError> write_ledger(const std::optional<LedgerRow>& row, const Plan& plan);
    Outcome fill_batch();
    Outcome wait_for_disk(std::chrono::steady_clock::time_point since);
    Outcome store_batch();
    bool fill_next();
    RowContext context() const;
    Outcome keep_house();
    Outcome wait_for_work();
    bool finished() const;

    journal::Uuid uuid() const;
    Outcome read_from(std::uint64_t position, const std::optional<std::uint64_t>& requests);
    std::optional<LostEvent> event_at(std::uint64_t position);
    void stored(std::size_t dead_letters);
    void keep_good(std::span<const char> tuple);
    void failed(const DatabaseError& error);
    void succeeded();

    const RowsSettings settings_;
    const RowsParts parts_;
    const RowContext own_;  // without our number
    sinks::StopOrder stop_;

    Facts facts_;
    books::Cursor cursor_;
    Belief belief_;
    std::int32_t agent_ = 0;
    std::optional<std::uint64_t> fenced_at_;  // where the ledger should have been, when it was last said not to be
    unsigned fences_ = 0;                     // since something was stored

    Connector connector_;
    Lifeline lifeline_;
    std::optional<Session> session_;
    std::optional<Schema> schema_;
    std::unique_ptr<journal::Reader> reader_;
    Batch batch_;
    Batch next_;  // filled while Postgres works on batch_
    BatchSize size_;
    RefusalWatch watch_;
    DeadLetterSource source_;
    std::chrono::steady_clock::time_point next_expiry_{};

    Report report_;
    sinks::Backoff backoff_;
    std::string statements_;         // for an administrator; empty until a server was seen
    bool trouble_in_store_ = false;  // the last batch was not stored: being connected is not yet being up
    std::minstd_rand random_;
    std::atomic<bool> ended_{false};
    std::jthread thread_;
};

}  // namespace outrigger::rows
