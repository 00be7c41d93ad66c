#include "agent/sinks/statsd/wire.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace outrigger::statsd {
namespace {

constexpr std::chrono::seconds look_up_anew{30};

std::string message_of(int error) { return std::generic_category().message(error); }

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
    return address;
}

FileDescriptor make_socket(int family) {
    return FileDescriptor(::socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

}  // namespace

std::string to_text(const Target& target) {
    if (!target.unix_path.empty()) return "unix://" + target.unix_path;
    const bool bracketed = target.host.contains(':');
    return "udp://" + (bracketed ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
}

Wire::Wire(Target target, std::function<bool()> given_up, sinks::Lookup lookup)
    : target_(std::move(target)),
      given_up_(std::move(given_up)),
      name_(target_.host, target_.port, std::move(lookup)) {}

bool Wire::reach(Clock::time_point now, std::chrono::milliseconds patience) {
    if (!open(now, patience)) return false;
    if (!is_unix()) return true;
    const sockaddr_un address = address_of(target_.unix_path);
    const FileDescriptor probe = make_socket(AF_UNIX);
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        failed(errno);
        return false;
    }
    pollfd wanted{probe.get(), POLLOUT, 0};
    if (::poll(&wanted, 1, 0) == 1) return true;
    problem_ = "it takes nothing";
    return false;
}

Wire::Outcome Wire::send(std::string_view packet, Clock::time_point now, std::chrono::milliseconds patience) {
    if (!open(now, patience)) return Outcome::lost;
    return is_unix() ? send_unix(packet) : send_udp(packet);
}

bool Wire::open(Clock::time_point now, std::chrono::milliseconds patience) {
    if (socket_ && (is_unix() || now - opened_ < look_up_anew)) return true;
    opened_ = now;
    return is_unix() ? open_unix() : open_udp(patience);
}

bool Wire::open_unix() {
    socket_ = make_socket(AF_UNIX);
    if (!socket_) failed(errno);
    return static_cast<bool>(socket_);
}

// What worked before is kept while the name cannot be looked up.
bool Wire::open_udp(std::chrono::milliseconds patience) {
    const auto found = name_.resolve(patience, given_up_);
    if (!found) {
        problem_ = found.error();
        return static_cast<bool>(socket_);
    }
    for (std::size_t n = 0; n < found->size(); ++n) {
        const sinks::Address& address = (*found)[(refusals_ + n) % found->size()];
        FileDescriptor made = make_socket(address.family());
        if (made && ::connect(made.get(), address.get(), address.length) == 0) {
            socket_ = std::move(made);
            return true;
        }
        problem_ = message_of(errno);
    }
    return static_cast<bool>(socket_);
}

Wire::Outcome Wire::send_unix(std::string_view packet) {
    const sockaddr_un address = address_of(target_.unix_path);
    const auto sent = ::sendto(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL,
                               reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return sent >= 0 ? Outcome::sent : failed(errno);
}

// On this machine a port where nobody listens is known as soon as the packet is sent; from elsewhere word of it comes
// with a later packet, which was then not sent itself.
Wire::Outcome Wire::send_udp(std::string_view packet) {
    if (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return refused(errno);
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error == 0 ? Outcome::sent : refused(error);
}

// localhost is two addresses, of which a receiver may listen on the second only.
Wire::Outcome Wire::refused(int error) {
    const Outcome outcome = failed(error);
    if (outcome == Outcome::lost) ++refusals_;
    return outcome;
}

Wire::Outcome Wire::failed(int error) {
    if (error == EAGAIN || error == ENOBUFS || error == EINTR) return Outcome::busy;
    problem_ = message_of(error);
    if (error == EMSGSIZE) return Outcome::never;
    socket_.reset();
    return Outcome::lost;
}

}  // namespace outrigger::statsd
