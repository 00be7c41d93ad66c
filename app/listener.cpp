#include "app/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

namespace outrigger::app {
namespace {

constexpr int queue_length = 4096;  // the kernel takes the lesser of this and net.core.somaxconn

void set_options(int fd) {
    const int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);  // accepted sockets inherit it
    constexpr timeval patience{.tv_sec = 0, .tv_usec = std::chrono::microseconds{Listener::patience}.count()};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
}

// The first of the addresses that can be listened on; none: errno says why not.
FileDescriptor listen_on(const addrinfo* found) {
    for (const auto* one = found; one != nullptr; one = one->ai_next) {
        FileDescriptor fd{socket(one->ai_family, one->ai_socktype | SOCK_CLOEXEC, one->ai_protocol)};
        if (!fd) continue;
        set_options(fd.get());
        if (bind(fd.get(), one->ai_addr, one->ai_addrlen) == 0 && listen(fd.get(), queue_length) == 0) return fd;
    }
    return {};
}

std::uint16_t port_of(int fd) {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size);
    return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

}  // namespace

Listener::Listener(const Address& address) : address_(address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    const auto port = std::to_string(address.port);
    if (const int problem = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found); problem != 0) {
        throw std::invalid_argument("--listen " + name() + ": " + gai_strerror(problem));
    }
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned{found, &freeaddrinfo};
    fd_ = listen_on(found);
    if (!fd_) throw std::invalid_argument("--listen " + name() + ": " + std::strerror(errno));
    address_.port = port_of(fd_.get());
}

std::string Listener::name() const {
    const auto port = ":" + std::to_string(address_.port);
    return address_.host.contains(':') ? "[" + address_.host + "]" + port : address_.host + port;
}

}  // namespace outrigger::app
