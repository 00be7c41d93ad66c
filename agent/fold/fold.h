// The fold over the journal: every entry, once, in order, becomes numbers. The same live (on the journal writer's
// thread, between batch_begins and batch_ends) and in replay (on the starting thread). Snapshots come from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/fold/settings.h"
#include "agent/fold/snapshot.h"
#include "agent/journal/entry.h"

namespace outrigger::fold {

class FoldState;

class Fold {
  public:
    // Starts from a checkpoint's snapshot (an empty one: from nothing). What was said when changed settings met old
    // state, a line each, is in `notes()`.
    explicit Fold(FoldSettings settings, const Snapshot& from = {});
    ~Fold();
    const std::vector<std::string>& notes() const;

    // The writer's thread: apply and lost only between these two, which hold the lock.
    void batch_begins();
    void apply(const journal::Entry& entry);  // allocates only for a label set, a name or an emitter never seen before,
                                              // and for what is touched first after a flush
    void lost(std::uint64_t last, const journal::Counts& counts, bool damaged);  // replay: what the journal lacks
    // `journal_requests`: the journal's own count at the last of them, which the books compare with what is in a
    // series. Without it the fold's own count stands.
    void batch_ends(std::optional<std::uint64_t> journal_requests = std::nullopt);

    // What a scrape needs; `now_us` decides which gauges and apps have expired.
    Snapshot snapshot(std::int64_t now_us, bool with_exemplars) const;
    // What a checkpoint needs: everything.
    Snapshot checkpoint_copy() const;

    std::uint64_t position() const;

    // For the StatsD sink, which asks the writer for `begin` and `end` entries (journal::Flush). Any thread.
    bool flushes_are_on() const;
    bool flush_due() const;  // something has come since the last flush began
    std::uint64_t last_flush() const;
    // What the flush `id` is to send, once its begin has been applied; moved out. Nothing at the deadline.
    std::optional<Deltas> take_flush(std::uint64_t id, std::chrono::steady_clock::time_point deadline);
    struct FlushPage {
        books::Cursor cursor;
        std::int64_t oldest_pending_us = 0;  // 0: nothing is pending
    };
    FlushPage flush_page() const;

    books::Cursor cursor() const;     // the metrics sink's page in the books: delivered is what is in a series
    std::vector<Mark> marks() const;  // for intake, at start
    // Forgets emitters that have been idle for an hour, of which the journal holds nothing any more
    // (`oldest_position` is its first), and that are neither connected nor have a ring (`in_use`, sorted).
    void forget_idle(std::int64_t now_us, std::uint64_t oldest_position, std::span<const EmitterId> in_use);

  private:
    Snapshot copy(bool with_exemplars, bool with_marks) const;

    mutable std::mutex mutex_;  // guards *state_ but its settings and notes
    std::condition_variable flush_begun_;
    std::unique_ptr<FoldState> state_;
};

}  // namespace outrigger::fold
