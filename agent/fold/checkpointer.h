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

#include "agent/fold/checkpoint.h"

namespace outrigger::fold {

class Checkpointer {
  public:
    struct Parts {
        std::function<std::map<std::string, books::Cursor>()> cursors;  // read before the fold is copied
        std::function<Snapshot()> copy;                                 // Fold::checkpoint_copy
        std::function<std::uint64_t()> journal_bytes_written;           // since start; only differences count
        std::function<void(std::uint64_t position)> checkpointed;       // after it is durable: Journal::checkpointed
        std::function<void(std::string_view line)> state_changed;       // cannot write, writes again
    };
    Checkpointer(CheckpointFiles files, std::map<std::string, std::string> facts, Parts parts);
    ~Checkpointer();  // writes nothing: call stop() for the last one

    // The facts of the sinks, in memory until the next checkpoint.
    std::string fact(const std::string& name) const;  // empty: none
    // Sets (an empty value: removes) facts and returns when they are durable, or with why they are not. Any thread.
    std::expected<void, Error> keep(const std::map<std::string, std::string>& facts);
    // Writes one now, on the caller's thread; also at start, before anything is acknowledged.
    std::expected<void, Error> write();
    void start();  // the thread; writes by size and time from now on
    void stop();   // ends the thread and writes the last one

    std::uint64_t errors() const {
        return errors_.load(std::memory_order_relaxed);
    }  // journal_errors_total{checkpoint}
    std::uint64_t position() const { return position_.load(std::memory_order_acquire); }  // of the last durable one

  private:
    void run(const std::stop_token& stop);
    std::expected<void, Error> write_locked();

    CheckpointFiles files_;
    Parts parts_;
    mutable std::mutex facts_mutex_;  // guards facts_
    std::map<std::string, std::string> facts_;
    std::mutex write_mutex_;  // one at a time: guards files_ and failing_
    bool failing_ = false;
    std::atomic<std::uint64_t> errors_{0};
    std::atomic<std::uint64_t> position_{0};
    std::mutex wait_mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

}  // namespace outrigger::fold
