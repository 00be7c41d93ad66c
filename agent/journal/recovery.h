// What a start finds: lists both folders, decides which segments make up the journal, verifies what lies at or after
// the checkpoint, cuts the torn tail. Never fails because of content. Used by Journal::open.
#pragma once

#include "agent/journal/state.h"

namespace outrigger::journal {

Recovered recover(Disk& disk, const JournalSettings& settings, std::uint64_t checkpoint_position);

}  // namespace outrigger::journal
