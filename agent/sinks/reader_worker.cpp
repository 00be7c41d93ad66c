#include "agent/sinks/reader_worker.h"

#include <algorithm>

namespace outrigger::sinks {

std::chrono::milliseconds Backoff::next(double random) {
    constexpr unsigned most_doublings = 20;
    const auto most = std::min(ceiling_, floor_ * (std::int64_t{1} << std::min(failures_, most_doublings)));
    ++failures_;
    const auto wait = static_cast<std::int64_t>(static_cast<double>(most.count()) * random);
    return std::chrono::milliseconds(std::max(wait, most.count() / 100 + 1));
}

std::optional<std::string> Breaker::went_down(const std::string& why) {
    const bool news = up_ || !said_down_;
    up_ = false;
    said_down_ = true;
    last_error_ = why;
    return news ? std::optional("down: " + why) : std::nullopt;
}

std::optional<std::string> Breaker::came_back() {
    const bool news = !up_ && said_down_;
    up_ = true;
    said_down_ = false;
    last_error_.clear();
    return news ? std::optional<std::string>("up again") : std::nullopt;
}

void StopOrder::give(Clock::time_point deadline) {
    {
        const std::lock_guard lock(mutex_);
        deadline_ = deadline_ ? std::min(*deadline_, deadline) : deadline;
    }
    changed_.notify_all();
}

bool StopOrder::given() const {
    const std::lock_guard lock(mutex_);
    return deadline_.has_value();
}

bool StopOrder::past_deadline(Clock::time_point now) const {
    const std::lock_guard lock(mutex_);
    return deadline_ && now >= *deadline_;
}

bool StopOrder::sleep(std::chrono::milliseconds duration) {
    const auto until = Clock::now() + duration;
    std::unique_lock lock(mutex_);
    const bool was_given = deadline_.has_value();
    if (!was_given) return !changed_.wait_until(lock, until, [this] { return deadline_.has_value(); });
    changed_.wait_until(lock, std::min(until, *deadline_), [this] { return Clock::now() >= *deadline_; });
    return Clock::now() < *deadline_;
}

}  // namespace outrigger::sinks
