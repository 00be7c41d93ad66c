// A real journal in a folder of the test, a checkpoint's facts in memory, and the rows sink between it and a real
// Postgres. The agent's life can end and begin anew, with or without its last checkpoint.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "agent/books/tally.h"
#include "agent/journal/journal.h"
#include "agent/journal/writer.h"
#include "agent/sinks/rows/rows.h"
#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::rows {

// What is on disk besides the journal.
struct SavedCheckpoint {
    books::Cursor cursor;
    std::map<std::string, std::string> facts;
};

class AgentLife {
  public:
    AgentLife(const std::filesystem::path& folder, SavedCheckpoint checkpoint, RowsSettings settings,
              std::uint64_t journal_bytes = std::uint64_t{1} << 30, std::shared_ptr<journal::Disk> disk = {});
    ~AgentLife();

    // Requests that start now unless `start_us` says when; `path` is their endpoint, numbered.
    void offer(std::uint64_t requests, const std::string& path = "/p", std::optional<std::int64_t> start_us = {});
    void offer(const RequestEvent& event);
    bool stop_sink(std::chrono::milliseconds deadline = std::chrono::seconds(10));
    // Ends without storing what is pending; the checkpoint is what the last call of checkpoint() saw.
    void kill();

    SavedCheckpoint checkpoint() const;
    books::Cursor cursor() const { return tally_.cursor(); }
    books::Health health() const { return tally_.health(); }
    std::uint64_t requests() const;  // in the journal
    std::int64_t difference() const;
    std::uint64_t pending() const;
    std::vector<std::string> said() const;
    long times_said(const std::string& part) const;  // lines that contain it
    // As after a checkpoint of all there is: what is too old or too much goes.
    void forget_old_segments();
    journal::Journal& journal() { return *journal_; }

  private:
    std::unique_ptr<journal::Journal> journal_;
    books::Tally tally_;
    mutable std::mutex mutex_;  // guards facts_ and said_
    std::map<std::string, std::string> facts_;
    std::vector<std::string> said_;
    std::unique_ptr<RowsSink> sink_;
    std::unique_ptr<journal::Writer> writer_;
    bool introduced_ = false;
};

RowsSettings settings_for(const peers::PostgresCluster& cluster, const std::string& role = "postgres");

// accepted, rows, distinct, expired, drops, dead letters in Postgres: one statement.
struct Stores {
    long accepted, rows, distinct, expired, drops, dead;
    bool balanced() const { return accepted == rows + expired + drops + dead && rows == distinct; }
};
Stores stores(const peers::PostgresCluster& cluster);
// Ends the sink's connections; it makes new ones.
void cut_connections(const peers::PostgresCluster& cluster);
// Whether nothing is pending in time.
bool drained(const AgentLife& life);
// Whether the sink is down within 5 s, and says why.
bool down(const AgentLife& life);
// Whether rows + expired + drops + dead letters reach `events` in time.
bool all_stored(const peers::PostgresCluster& cluster, long events,
                std::chrono::milliseconds deadline = std::chrono::seconds(30));

}  // namespace outrigger::rows
