// Removes the files of segments that may go. Used by the writer when it opens a segment, and by topology's timer.
#pragma once

#include "agent/journal/state.h"

namespace outrigger::journal {

// How many were removed. `room` is what a segment about to be made will take.
std::size_t remove_segments(Journal::State& state, std::chrono::system_clock::time_point now,
                            const Journal::State::Room& room);

}  // namespace outrigger::journal
