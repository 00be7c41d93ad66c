#include "agent/fold/checkpointer.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "shared/thread_name.h"

namespace outrigger::fold {

using Clock = std::chrono::steady_clock;

Checkpointer::Checkpointer(CheckpointFiles files, Facts facts, std::uint64_t position, Parts parts)
    : parts_(std::move(parts)), files_(std::move(files)), facts_(std::move(facts)), position_(position) {}

Checkpointer::~Checkpointer() = default;

std::string Checkpointer::fact(const std::string& name) const {
    const std::lock_guard lock(facts_mutex_);
    const auto found = facts_.find(name);
    return found == facts_.end() ? std::string{} : found->second;
}

std::expected<void, Error> Checkpointer::keep(const Facts& facts) {
    const std::lock_guard writing(write_mutex_);
    Facts wanted;
    {
        const std::lock_guard lock(facts_mutex_);
        wanted = facts_;
    }
    for (const auto& [name, value] : facts) {
        if (value.empty()) {
            wanted.erase(name);
        } else {
            wanted[name] = value;
        }
    }
    return write(std::move(wanted));
}

std::expected<void, Error> Checkpointer::write() {
    const std::lock_guard writing(write_mutex_);
    Facts facts;
    {
        const std::lock_guard lock(facts_mutex_);
        facts = facts_;
    }
    return write(std::move(facts));
}

std::expected<void, Error> Checkpointer::write(Facts facts) {
    Checkpoint checkpoint;
    checkpoint.cursors = parts_.cursors();
    checkpoint.fold = parts_.copy();
    checkpoint.facts = std::move(facts);
    const auto saved = files_.save(checkpoint);
    if (!saved) errors_.fetch_add(1, std::memory_order_relaxed);
    const std::string problem = saved ? std::string{} : saved.error().what;
    if (problem.empty() != problem_.empty()) {
        parts_.state_changed(saved ? "the checkpoint can be written again" : "the checkpoint: " + problem);
    }
    problem_ = problem;
    if (!saved) return std::unexpected(saved.error());
    {
        const std::lock_guard lock(facts_mutex_);
        facts_ = std::move(checkpoint.facts);
    }
    position_.store(checkpoint.fold.position, std::memory_order_release);
    parts_.checkpointed(checkpoint.fold.position, *saved);
    return {};
}

void Checkpointer::start() {
    thread_ = std::jthread([this](const std::stop_token& stop) {
        name_this_thread("checkpoints");
        run(stop);
    });
}

std::expected<void, Error> Checkpointer::stop() {
    if (thread_.joinable()) {
        thread_.request_stop();
        thread_.join();
    }
    return write();
}

void Checkpointer::run(const std::stop_token& stop) {
    auto last = Clock::now();
    std::uint64_t bytes_then = parts_.journal_bytes_written();
    std::unique_lock lock(wait_mutex_);
    while (!stop.stop_requested()) {
        wake_.wait_for(lock, stop, least_time, [] { return false; });
        const std::uint64_t bytes = parts_.journal_bytes_written();
        if (stop.stop_requested() || !is_due(bytes - std::min(bytes, bytes_then), Clock::now() - last)) continue;
        std::ignore = write();  // counted, said once, and tried again
        last = Clock::now();
        bytes_then = bytes;
    }
}

}  // namespace outrigger::fold
