#include "agent/journal/retention.h"

#include <cerrno>

namespace outrigger::journal {

std::size_t remove_segments(Journal::State& state, std::chrono::system_clock::time_point now,
                            const Journal::State::Room& room) {
    std::size_t removed = 0;
    for (const auto& segment : state.take_leaving(now, room)) {
        const int error = state.disk().remove(segment.path);
        const bool gone = error == 0 || error == ENOENT;
        state.left(segment.header.id, gone);
        if (gone) ++removed;
    }
    return removed;
}

}  // namespace outrigger::journal
