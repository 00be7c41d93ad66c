#include "agent/sinks/statsd/wire.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "agent/sinks/statsd/resolve.h"

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

bool Wire::reach(Clock::time_point now, std::chrono::milliseconds patience) {
    if (!open(now, patience)) return false;
    if (!is_unix()) return true;
    const sockaddr_un address = address_of(target_.unix_path);
    const FileDescriptor probe = make_socket(AF_UNIX);
    if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return true;
    failed(errno);
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
    const auto found = resolve(target_.host, target_.port, patience);
    if (!found) problem_ = found.error();
    for (const addrinfo* each = found ? found->get() : nullptr; each != nullptr; each = each->ai_next) {
        FileDescriptor made = make_socket(each->ai_family);
        if (made && ::connect(made.get(), each->ai_addr, each->ai_addrlen) == 0) {
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
    if (::send(socket_.get(), packet.data(), packet.size(), MSG_NOSIGNAL) < 0) return failed(errno);
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &length);
    return error == 0 ? Outcome::sent : failed(error);
}

Wire::Outcome Wire::failed(int error) {
    if (error == EAGAIN || error == ENOBUFS || error == EINTR) return Outcome::busy;
    problem_ = message_of(error);
    if (error == EMSGSIZE) return Outcome::never;
    socket_.reset();
    return Outcome::lost;
}

}  // namespace outrigger::statsd
