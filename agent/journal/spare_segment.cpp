#include "agent/journal/spare_segment.h"

#include <cerrno>
#include <utility>

#include "agent/journal/retention.h"
#include "shared/thread_name.h"

namespace outrigger::journal {
namespace {

constexpr std::chrono::seconds pause{5};  // before what could not be made is tried again

}  // namespace

SpareSegment::~SpareSegment() {
    thread_ = {};
    if (!spare_) return;
    state_.disk().remove(spare_->path);
    state_.spare(0);
}

void SpareSegment::start() {
    thread_ = std::jthread([this](const std::stop_token& stopped) {
        name_this_thread("journal-spare");
        run(stopped);
    });
}

void SpareSegment::want() {
    {
        const std::lock_guard lock(mutex_);
        wanted_ = true;
    }
    changed_.notify_all();
}

bool SpareSegment::has(std::uint64_t bytes) const {
    const std::lock_guard lock(mutex_);
    return spare_ && spare_->bytes >= bytes;
}

std::optional<BlankSegment> SpareSegment::take(std::uint64_t bytes) {
    const std::lock_guard lock(mutex_);
    if (!spare_ || spare_->bytes < bytes) return std::nullopt;
    wanted_ = false;
    state_.spare(0);
    return std::exchange(spare_, std::nullopt);
}

void SpareSegment::run(const std::stop_token& stopped) {
    while (!stopped.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, stopped, [this] { return wanted_ && !spare_; });
        }
        if (stopped.stop_requested() || make()) continue;
        std::unique_lock lock(mutex_);
        changed_.wait_for(lock, stopped, pause, [] { return false; });
    }
}

bool SpareSegment::make() {
    if (has(0)) return true;
    const std::uint64_t bytes = segment_bytes(state_.settings(), false);
    remove_segments(state_, std::chrono::system_clock::now(), {bytes, false, false});
    if (state_.bytes(false) + bytes > budget(state_.settings(), false)) return false;
    auto made = allocate();
    if (!made) {
        state_.count(Op::spare);
        state_.short_of_room(made.error().code == ENOSPC);
        return false;
    }
    state_.short_of_room(false);
    const std::lock_guard lock(mutex_);
    spare_ = std::move(*made);
    state_.spare(bytes);
    return true;
}

// On a full disk what every reader has passed goes at once.
std::expected<BlankSegment, Failure> SpareSegment::allocate() const {
    const auto& settings = state_.settings();
    const std::uint64_t bytes = segment_bytes(settings, false);
    const auto path = settings.folder / spare_name;
    const bool durable = settings.durability == Durability::fsync;
    auto made = BlankSegment::make(state_.disk(), path, bytes, durable);
    if (made || made.error().code != ENOSPC) return made;
    if (remove_segments(state_, std::chrono::system_clock::now(), {bytes, false, true}) == 0) return made;
    return BlankSegment::make(state_.disk(), path, bytes, durable);
}

}  // namespace outrigger::journal
