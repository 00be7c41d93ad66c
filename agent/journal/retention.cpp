#include "agent/journal/retention.h"

#include <algorithm>
#include <cerrno>

namespace outrigger::journal {
namespace {

constexpr std::chrono::minutes kept_for{10};  // so that a reader whose store goes back in time finds them

}  // namespace

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

// One in the fallback does not survive a power loss: it covers what does not either.
void Journal::State::checkpointed(std::uint64_t position, bool in_fallback) {
    const std::lock_guard lock(mutex_);
    folder_vanished_ = false;
    if (!in_fallback) checkpoint_[0] = std::max(checkpoint_[0], position);
    checkpoint_[1] = std::max(checkpoint_[1], position);
}

// One is wanted at once: without it the next life counts from what came since.
void Journal::State::folder_vanished() {
    const std::lock_guard lock(mutex_);
    folder_vanished_ = true;
    if (checkpoint_[1] == checkpoint_[0]) checkpoint_[1] = 0;
    checkpoint_[0] = 0;
}

bool Journal::State::checkpoints_are_in_fallback() const {
    const std::lock_guard lock(mutex_);
    return checkpoint_[1] > checkpoint_[0];
}

void Journal::State::needed_after(std::uint64_t position) {
    const std::lock_guard lock(mutex_);
    needed_after_ = position;
}

bool Journal::State::wants_checkpoint() const {
    const std::lock_guard lock(mutex_);
    return folder_vanished_ || wants_checkpoint(false) || wants_checkpoint(true);
}

bool Journal::State::wants_checkpoint(bool fallback) const {
    const auto oldest = std::ranges::find(segments_, fallback, &Segment::fallback);
    if (oldest == segments_.end() || oldest + 1 == segments_.end()) return false;
    if (last_of(static_cast<std::size_t>(oldest - segments_.begin())) <= checkpoint_[fallback]) return false;
    if (!fallback && short_of_room_) return true;
    return bytes_locked(fallback) + 2 * segment_bytes(settings_, fallback) > budget(settings_, fallback);
}

std::uint64_t Journal::State::bytes(bool fallback) const {
    const std::lock_guard lock(mutex_);
    return bytes_locked(fallback);
}

void Journal::State::spare(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    spare_bytes_ = bytes;
}

void Journal::State::short_of_room(bool short_of_it) {
    const std::lock_guard lock(mutex_);
    short_of_room_ = short_of_it;
}

std::uint64_t Journal::State::bytes_locked(bool fallback) const {
    std::uint64_t sum = fallback ? 0 : spare_bytes_;
    for (const auto& segment : segments_)
        if (segment.fallback == fallback) sum += segment.size;
    // What lies there under a second name takes room of its own once the first one is gone.
    for (const auto& [name, bytes] : quarantine_[fallback])
        if (std::ranges::none_of(segments_, [&](const Segment& segment) {
                return segment.fallback == fallback && segment.path.filename() == name;
            }))
            sum += bytes;
    return sum;
}

std::uint64_t Journal::State::passed_locked() const {
    std::uint64_t passed = needed_after_;
    for (const auto& [reader, released] : readers_) passed = std::min(passed, released);
    return passed;
}

std::uint64_t Journal::State::unread_bytes_locked() const {
    const std::uint64_t passed = passed_locked();
    double sum = 0;
    for (std::size_t index = 0; index < segments_.size(); ++index) {
        const std::uint64_t before = segments_[index].header.first - 1, last = last_of(index);
        if (last <= passed || last <= before) continue;
        const auto unread = static_cast<double>(last - std::max(before, passed));
        sum += static_cast<double>(segments_[index].readable) * unread / static_cast<double>(last - before);
    }
    return static_cast<std::uint64_t>(sum);
}

std::vector<Segment> Journal::State::take_leaving(std::chrono::system_clock::time_point now, const Room& room) {
    const std::lock_guard lock(mutex_);
    const std::uint64_t passed = passed_locked();
    const auto now_us = std::chrono::duration_cast<std::chrono::microseconds>(now.time_since_epoch()).count();
    std::array<std::uint64_t, 2> bytes{};
    for (const bool fallback : {false, true})
        bytes[fallback] = bytes_locked(fallback) + (fallback == room.fallback ? room.bytes : 0);
    std::vector<Segment> leaving;
    for (std::size_t index = 0; index + 1 < segments_.size() && last_of(index) <= checkpoint_[1]; ++index) {
        auto& segment = segments_[index];
        if (segment.leaving || last_of(index) > checkpoint_[segment.fallback]) continue;
        const std::int64_t age_us = now_us - segments_[index + 1].header.created_us;
        const bool done =
            last_of(index) <= passed && (room.at_any_age || age_us >= std::chrono::microseconds(kept_for).count());
        if (!done && bytes[segment.fallback] <= budget(settings_, segment.fallback)) continue;
        segment.leaving = true;
        bytes[segment.fallback] -= std::min(bytes[segment.fallback], segment.size);
        leaving.push_back(segment);
    }
    return leaving;
}

void Journal::State::left(std::uint64_t segment, bool removed) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(segments_, segment, [](const Segment& one) { return one.header.id; });
    if (found == segments_.end()) return;
    found->leaving = false;
    if (!removed) {
        ++errors_[static_cast<std::size_t>(Op::remove)];
        return;
    }
    const std::pair range(found->header.first, last_of(static_cast<std::size_t>(found - segments_.begin())));
    if (!removed_.empty() && removed_.back().second + 1 == range.first) {
        removed_.back().second = range.second;
    } else {
        removed_.push_back(range);
    }
    segments_.erase(found);
}

}  // namespace outrigger::journal
