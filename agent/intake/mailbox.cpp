#include "agent/intake/mailbox.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace outrigger::intake {

Mailbox::Mailbox() : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!wake_) throw std::runtime_error(std::string("intake: no event descriptor: ") + std::strerror(errno));
}

void Mailbox::kept(std::span<const journal::Receipt> receipts) {
    {
        const std::lock_guard lock(mutex_);
        receipts_.insert(receipts_.end(), receipts.begin(), receipts.end());
        batch_kept_ = true;
    }
    wake();
}

void Mailbox::ask_to_stop(std::chrono::steady_clock::time_point deadline) {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        deadline_ = deadline;
    }
    wake();
}

void Mailbox::wake() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof(one));
}

void Mailbox::wait(int milliseconds) const {
    pollfd wake{wake_.get(), POLLIN, 0};
    ::poll(&wake, 1, milliseconds);
}

void Mailbox::wakened() {
    std::uint64_t value = 0;
    [[maybe_unused]] const auto got = ::read(wake_.get(), &value, sizeof(value));
}

bool Mailbox::take(std::span<const journal::Receipt>& receipts) {
    const std::lock_guard lock(mutex_);
    taken_.clear();
    taken_.swap(receipts_);
    receipts = taken_;
    return std::exchange(batch_kept_, false);
}

bool Mailbox::stopping() const {
    const std::lock_guard lock(mutex_);
    return stopping_;
}

std::chrono::steady_clock::time_point Mailbox::deadline() const {
    const std::lock_guard lock(mutex_);
    return deadline_;
}

}  // namespace outrigger::intake
