// Where this life of the agent begins: what the journal holds beyond the checkpoint is folded as if it had just
// arrived, and the next position is found. Used by topology, on the main thread, before anything else runs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/fold/fold.h"
#include "agent/intake/intake.h"
#include "agent/journal/journal.h"

namespace outrigger::topology {

// What the disk does not give, asked several times, is told to the fold as damaged.
void replay(journal::Journal& journal, fold::Fold& fold);

// What went wrong with the journal until now, in words, for one line of the log; empty when nothing did. That a killed
// agent's last batch was not finished is no trouble.
std::string troubles(const journal::JournalStatus& status);

// Whose positions a checkpoint speaks of, among its facts.
std::map<std::string, std::string> fact_of(const journal::Uuid& uuid);
std::optional<journal::Uuid> journal_of(const std::map<std::string, std::string>& facts);

struct Start {
    std::uint64_t position = 1;  // F: of the first entry this life will write
    journal::Counts before{};    // entries of each kind before it
};
// Positions are never used twice: beyond whatever was kept, checkpointed or handled by a sink.
Start find_start(const journal::Mark& mark, std::uint64_t checkpoint_position, std::uint64_t checkpoint_requests,
                 const std::map<std::string, books::Cursor>& cursors);

// Positions before this life's first that neither journal nor checkpoint tells of, only a cursor: what lay there is
// lost.
void tell_of_lost(fold::Fold& fold, const Start& start);

// What intake must know of emitters that were here before: how far each came.
std::vector<intake::KnownEmitter> known_emitters(const fold::Fold& fold);

}  // namespace outrigger::topology
