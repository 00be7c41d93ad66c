// When a checkpoint is written: after 64 MiB of journal or 30 s, at most one a second, at stop, and when a sink must
// have a fact on disk now. Its own thread; what goes in comes from topology's functions.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <expected>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "agent/fold/checkpoint_files.h"

namespace outrigger::fold {

class Checkpointer {
  public:
    struct Parts {
        std::function<std::map<std::string, books::Cursor>()> cursors;  // read before the fold is copied
        std::function<Snapshot()> copy;                                 // Fold::checkpoint_copy
        std::function<std::uint64_t()> journal_bytes_written;           // since start; only differences count
        // After it is durable, in the data directory or, with less to count on, in the fallback: Journal::checkpointed.
        std::function<void(std::uint64_t position, bool in_fallback)> checkpointed;
        std::function<void(std::string_view line)> state_changed;  // cannot write, writes again
    };
    using Facts = std::map<std::string, std::string>;

    Checkpointer(CheckpointFiles files, Facts facts, std::uint64_t position, Parts parts);
    ~Checkpointer();  // writes nothing: stop() writes the last one

    // A fact as last kept; empty: none.
    std::string fact(const std::string& name) const;
    // Sets facts (an empty value removes one) and returns when they are durable, or with why they are not: they are
    // then unchanged. Any thread.
    std::expected<void, Error> keep(const Facts& facts);
    // Writes one now, on the caller's thread. Any thread.
    std::expected<void, Error> write();

    void start();  // from now on it writes by size and by time
    std::expected<void, Error> stop();

    std::uint64_t errors() const {
        return errors_.load(std::memory_order_relaxed);
    }  // journal_errors_total{checkpoint}
    // Files of another history that the start found.
    std::uint64_t foreign() const { return files_.foreign().size(); }
    std::uint64_t position() const { return position_.load(std::memory_order_acquire); }  // of the last durable one

    static constexpr std::uint64_t due_bytes = std::uint64_t{64} << 20;
    static constexpr std::chrono::seconds due_time{30};
    static constexpr std::chrono::seconds least_time{1};
    // Whether one is due, so much journal and so long after the last. Pure.
    static bool is_due(std::uint64_t bytes, std::chrono::steady_clock::duration since) {
        return since >= due_time || (bytes >= due_bytes && since >= least_time);
    }

  private:
    void run(const std::stop_token& stop);
    std::expected<void, Error> write(Facts facts);  // with write_mutex_ held

    Parts parts_;
    std::mutex write_mutex_;  // one at a time: guards files_ and problem_
    CheckpointFiles files_;
    std::string problem_;             // as last said; empty: none
    mutable std::mutex facts_mutex_;  // guards facts_; taken within write_mutex_
    Facts facts_;
    std::atomic<std::uint64_t> errors_{0};
    std::atomic<std::uint64_t> position_;
    std::mutex wait_mutex_;  // guards nothing: for the wait alone
    std::condition_variable_any wake_;
    std::jthread thread_;
};

}  // namespace outrigger::fold
