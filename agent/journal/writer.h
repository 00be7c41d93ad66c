// The journal's only writer: one thread that appends batches to the current segment, syncs once a batch (group commit),
// and only then hands each entry to the fold and the receipts back to intake.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "agent/journal/batch.h"
#include "agent/journal/journal.h"

namespace outrigger::journal {

struct WriterHooks {
    // Both on the writer's thread. before/after bracket the entries of one batch, so that the fold may hold its lock.
    std::function<void()> batch_begins;
    std::function<void(const Entry&)> kept;  // after sync (with Durability::process: after write), in order of position
    std::function<void()> batch_ends;
    std::function<void(std::span<const Receipt>)> acknowledged;  // after batch_ends, of a batch that was offered; also
                                                                 // wakes intake: there is room again
    std::function<void(std::string_view)> state_changed;         // one line: cannot write, writes again
};

class Writer {
  public:
    // The next entry gets position `first`. Opens a segment at once, so that a disk that cannot be written is seen at
    // start.
    Writer(Journal& journal, std::uint64_t first, const Counts& counts_before, WriterHooks hooks);
    ~Writer();  // writes what was offered, then stops; gives up at the deadline given to stop()

    // Swaps the batch with an empty one and returns true, or returns false and leaves it: the writer is still busy with
    // the one before. Called by intake's thread alone; never waits.
    bool offer(Batch& batch);
    // An entry of the agent's own, which no batch of intake's brings: it goes before the next batch, or alone when none
    // is offered, and is handed to the fold like any other. From any thread; never waits. False: the writer is
    // stopping.
    bool add_own(const Envelope& envelope, Bytes payload);
    // Writes what was offered, within the deadline. Returns whether everything is kept.
    bool stop(std::chrono::milliseconds deadline);

  private:
    class Thread;
    std::unique_ptr<Thread> thread_;
};

}  // namespace outrigger::journal
