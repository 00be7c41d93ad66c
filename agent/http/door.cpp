#include "agent/http/door.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <thread>
#include <utility>

#include "agent/http/daemon.h"
#include "shared/thread_name.h"

namespace outrigger::http {

namespace {

using Clock = std::chrono::steady_clock;

std::string address_of(const sockaddr_storage& peer) {
    const auto bytes = [](const auto& field) {
        return std::string(reinterpret_cast<const char*>(&field), sizeof field);
    };
    return peer.ss_family == AF_INET6 ? bytes(reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr)
                                      : bytes(reinterpret_cast<const sockaddr_in&>(peer).sin_addr);
}

}  // namespace

// Accepts, so that a full house shows somebody out instead of letting the backlog wait, and keeps the time.
class Door::Loop {
  public:
    Loop(Listener listener, std::vector<Route> routes, const Limits& limits)
        : listener_(std::move(listener)),
          daemon_(std::move(routes), limits),
          stop_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
        if (stop_ < 0) throw std::runtime_error("the HTTP server does not start: out of descriptors");
        thread_ = std::jthread([this](const std::stop_token& token) {
            name_this_thread("door");
            run(token);
        });
    }

    ~Loop() {
        thread_.request_stop();
        ::eventfd_write(stop_, 1);
        thread_.join();
        ::close(stop_);
    }

    [[nodiscard]] std::uint16_t port() const { return listener_.port(); }

  private:
    void run(const std::stop_token& token) {
        while (!token.stop_requested()) {
            wait();
            accept_some();
            daemon_.run();
            hang_up(daemon_.guests().overdue(Clock::now()));
        }
    }

    void wait() {
        const bool resting = Clock::now() < rest_until_;
        std::array<pollfd, 3> watched{pollfd{resting ? -1 : listener_.socket(), POLLIN, 0},
                                      pollfd{daemon_.poll_fd(), POLLIN, 0}, pollfd{stop_, POLLIN, 0}};
        ::poll(watched.data(), watched.size(), static_cast<int>(patience(resting).count()));
    }

    [[nodiscard]] std::chrono::milliseconds patience(bool resting) const {
        constexpr std::chrono::milliseconds longest{60'000};
        auto patience = std::min(daemon_.due().value_or(longest), longest);
        const auto until = [&patience](Clock::time_point moment) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - Clock::now());
            patience = std::clamp(left, std::chrono::milliseconds{0}, patience);
        };
        if (const auto deadline = daemon_.guests().next_deadline()) until(*deadline);
        if (resting) until(rest_until_);
        return patience;
    }

    // Few at a time, so that those who have already asked are answered in between.
    void accept_some() {
        if (Clock::now() < rest_until_) return;
        for (int taken = 0; taken < 16; ++taken) {
            sockaddr_storage peer{};
            socklen_t size = sizeof peer;
            const int socket =
                ::accept4(listener_.socket(), reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket >= 0) {
                welcome(socket, peer, size);
                continue;
            }
            if (errno == EINTR || errno == ECONNABORTED) continue;
            // Out of descriptors or memory: the backlog stays readable, so look away for a moment instead of spinning.
            if (errno != EAGAIN) rest_until_ = Clock::now() + std::chrono::milliseconds(100);
            return;
        }
    }

    void welcome(int socket, const sockaddr_storage& peer, socklen_t size) {
        std::string address = address_of(peer);
        const auto leaving = daemon_.guests().make_room(address, Clock::now());
        if (!leaving) {
            ::close(socket);
            return;
        }
        hang_up(*leaving);
        daemon_.add(socket, peer, size, std::move(address));
    }

    Listener listener_;
    Daemon daemon_;
    int stop_;
    Clock::time_point rest_until_;
    std::jthread thread_;
};

Door::Door(Listener listener, std::vector<Route> routes, const Limits& limits)
    : loop_(std::make_unique<Loop>(std::move(listener), std::move(routes), limits)) {}

Door::~Door() = default;

std::uint16_t Door::port() const { return loop_->port(); }

}  // namespace outrigger::http
