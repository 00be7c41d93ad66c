// What a start finds: lists both folders, decides which segments make up the journal, verifies what lies at or after
// the checkpoint, cuts what was never finished (see tail.h for what of it is damage instead). Never fails because of
// content. Used by Journal::open.
#pragma once

#include "agent/journal/state.h"

namespace outrigger::journal {

// What was kept up to `kept_position` is known from elsewhere, a cursor: if the journal ends before it, that is a loss.
Recovered recover(Disk& disk, const JournalSettings& settings, std::uint64_t checkpoint_position,
                  std::uint64_t kept_position);

}  // namespace outrigger::journal
