#include "app/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace outrigger::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t gathered_bytes = 64 * 1024;

Address to_text(const sockaddr_storage& address) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (address.ss_family == AF_INET6) {
        const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
        if (IN6_IS_ADDR_V4MAPPED(&six.sin6_addr)) {
            inet_ntop(AF_INET, &six.sin6_addr.s6_addr[12], text.data(), text.size());
        } else {
            inet_ntop(AF_INET6, &six.sin6_addr, text.data(), text.size());
        }
        return {text.data(), ntohs(six.sin6_port)};
    }
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &four.sin_addr, text.data(), text.size());
    return {text.data(), ntohs(four.sin_port)};
}

bool would_wait() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// False when the deadline passed or the descriptor is no more.
bool wait_until(int fd, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return false;
        pollfd one{fd, events, 0};
        const int ready = poll(&one, 1, static_cast<int>(left.count()));
        if (ready > 0) return true;
        if (ready < 0 && errno != EINTR) return false;
    }
}

}  // namespace

Connection::Connection(FileDescriptor fd, const sockaddr_storage& peer, const ConnectionLimits& limits)
    : fd_(std::move(fd)), peer_(to_text(peer)), limits_(limits) {}

Connection::~Connection() {
    if (read_failed_) linger();
}

bool Connection::wait_for_request(int stop_fd) {
    if (read_failed_ || write_failed_) return false;
    if (in_at_ == in_end_) {
        std::array<pollfd, 2> both{pollfd{fd_.get(), POLLIN, 0}, pollfd{stop_fd, POLLIN, 0}};
        int ready = 0;
        do {
            ready = poll(both.data(), both.size(), static_cast<int>(limits_.idle.count()));
        } while (ready < 0 && errno == EINTR);
        if (ready <= 0 || both[0].revents == 0) return false;
    }
    allowance_ = limits_.head_bytes;
    deadline_ = Clock::now() + limits_.head;
    return true;
}

void Connection::begin_body() {
    allowance_ = limits_.body_bytes;
    deadline_ = Clock::now() + limits_.body;
}

std::ptrdiff_t Connection::read(char* into, std::size_t size) {
    if (allowance_ == 0) read_failed_ = true;
    if (read_failed_) return -1;
    if (in_at_ == in_end_ && !refill()) return ended_ ? 0 : -1;
    const auto taken = std::min({size, in_end_ - in_at_, allowance_});
    std::memcpy(into, in_.data() + in_at_, taken);
    in_at_ += taken;
    allowance_ -= taken;
    return static_cast<std::ptrdiff_t>(taken);
}

bool Connection::is_readable() { return !read_failed_ && (in_at_ < in_end_ || refill()); }

std::ptrdiff_t Connection::write(const char* data, std::size_t size) {
    if (write_failed_) return -1;
    out_.append(data, size);
    if (out_.size() >= gathered_bytes && !flush()) return -1;
    return static_cast<std::ptrdiff_t>(size);
}

bool Connection::flush() {
    const auto deadline = Clock::now() + limits_.write;
    std::size_t sent = 0;
    while (sent < out_.size() && !write_failed_) {
        const auto count = send(fd_.get(), out_.data() + sent, out_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) {
            sent += static_cast<std::size_t>(count);
        } else if (errno != EINTR && (!would_wait() || !wait_until(fd_.get(), POLLOUT, deadline))) {
            write_failed_ = true;
        }
    }
    out_.clear();
    return !write_failed_;
}

const Address& Connection::local() {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    if (local_.host.empty() && getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0) {
        local_ = to_text(address);
    }
    return local_;
}

bool Connection::refill() {
    in_at_ = in_end_ = 0;
    read_failed_ = !flush();
    while (!read_failed_ && !ended_ && in_end_ == 0) {
        const auto count = recv(fd_.get(), in_.data(), in_.size(), MSG_DONTWAIT);
        if (count >= 0) {
            in_end_ = static_cast<std::size_t>(count);
            ended_ = count == 0;
        } else if (errno != EINTR && (!would_wait() || !wait_until(fd_.get(), POLLIN, deadline_))) {
            read_failed_ = true;
        }
    }
    return in_end_ > 0;
}

// A close with unread bytes resets the connection, and the client may never see the answer that refused them.
void Connection::linger() const {
    constexpr std::chrono::milliseconds patience{200};
    shutdown(fd_.get(), SHUT_WR);
    std::array<char, 16 * 1024> unread;
    const auto deadline = Clock::now() + patience;
    while (wait_until(fd_.get(), POLLIN, deadline) && recv(fd_.get(), unread.data(), unread.size(), MSG_DONTWAIT) > 0) {
    }
}

}  // namespace outrigger::app
