// Keeps what cannot be used for a person to look at: quarantine/ beside the segments, a few files, never read again and
// never removed. It counts as the journal's: the rest of the budget is the segments'. Used by recovery, readers and the
// writer.
#pragma once

#include "agent/journal/disk.h"
#include "agent/journal/state.h"

namespace outrigger::journal {

inline constexpr std::size_t quarantine_files = 4;  // in each of the two places
// Bytes: half of what the journal may take there, in which as many segments fit.
std::uint64_t quarantine_budget(const JournalSettings& settings, bool fallback);

// What lies there; nothing when it cannot be looked at.
std::vector<Quarantined> list_quarantine(Disk& disk, const std::filesystem::path& journal_folder);

// A second name for a segment that stays in use. False when there is no room or the disk refused.
bool quarantine_link(Disk& disk, const std::filesystem::path& segment, std::uint64_t most_bytes);
// Takes a file that cannot be used away from the others.
bool quarantine_move(Disk& disk, const std::filesystem::path& file, std::uint64_t most_bytes);
// A segment that a newer one wins over: removed if it holds nothing but its header, else kept in quarantine.
bool set_aside(Disk& disk, const Segment& segment, std::uint64_t most_bytes);

// The same of a running journal, which counts what could not be done and what it takes. Damage is noted once.
void note_damage(Journal::State& state, const Segment& segment);
void set_aside(Journal::State& state, const Segment& segment);

}  // namespace outrigger::journal
