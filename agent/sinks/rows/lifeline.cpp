#include "agent/sinks/rows/lifeline.h"

#include <sys/socket.h>

#include "shared/thread_name.h"

namespace outrigger::rows {

Lifeline::Lifeline(std::chrono::milliseconds tick)
    : tick_(tick), thread_([this](const std::stop_token& stop) {
          name_this_thread("rows-lifeline");
          watch(stop);
      }) {}

void Lifeline::hold(int socket) {
    const std::lock_guard lock(mutex_);
    socket_ = socket;
    expired_ = false;
}

void Lifeline::release() {
    const std::lock_guard lock(mutex_);
    socket_ = -1;
}

std::optional<std::chrono::milliseconds> Lifeline::expired() const {
    const std::lock_guard lock(mutex_);
    return expired_ ? std::optional(limit_) : std::nullopt;
}

void Lifeline::cut() {
    const std::lock_guard lock(mutex_);
    if (socket_ >= 0) ::shutdown(socket_, SHUT_RDWR);
}

void Lifeline::begin(std::chrono::milliseconds limit) {
    const std::lock_guard lock(mutex_);
    if (expired_) return;  // its limit is what expired() says
    limit_ = limit;
    until_ = Clock::now() + limit;
}

void Lifeline::end() {
    const std::lock_guard lock(mutex_);
    until_.reset();
}

void Lifeline::watch(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        stopped_.wait_for(lock, stop, tick_, [&] { return stop.stop_requested(); });
        if (!until_ || Clock::now() < *until_ || socket_ < 0) continue;
        ::shutdown(socket_, SHUT_RDWR);
        expired_ = true;
        until_.reset();
    }
}

}  // namespace outrigger::rows
