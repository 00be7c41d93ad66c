#include "agent/intake/poller.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace outrigger::intake {

namespace {

void control(int epoll, int operation, int fd, std::uint64_t id, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = id;
    ::epoll_ctl(epoll, operation, fd, &event);
}

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!epoll_) throw std::runtime_error(std::string("intake: no event loop: ") + std::strerror(errno));
}

void Poller::add(int fd, std::uint64_t id, std::uint32_t events) {
    control(epoll_.get(), EPOLL_CTL_ADD, fd, id, events);
}

void Poller::change(int fd, std::uint64_t id, std::uint32_t events) {
    control(epoll_.get(), EPOLL_CTL_MOD, fd, id, events);
}

void Poller::remove(int fd) { control(epoll_.get(), EPOLL_CTL_DEL, fd, 0, 0); }

std::span<const epoll_event> Poller::wait(int milliseconds) {
    const int count = ::epoll_wait(epoll_.get(), events_.data(), static_cast<int>(events_.size()), milliseconds);
    return std::span(events_).first(static_cast<std::size_t>(std::max(count, 0)));
}

}  // namespace outrigger::intake
