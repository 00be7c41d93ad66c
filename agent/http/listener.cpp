#include "agent/http/listener.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <system_error>

namespace outrigger::http {

namespace {

[[noreturn]] void refuse(const Address& address, const std::string& reason) {
    const bool bare_ipv6 = address.host.find(':') != std::string::npos && !address.host.starts_with('[');
    const std::string host = bare_ipv6 ? "[" + address.host + "]" : address.host;
    throw std::runtime_error("--http " + host + ":" + std::to_string(address.port) + ": " + reason);
}

std::string host_to_resolve(const std::string& host) {
    return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

// The errno of the step that failed, 0 when the socket listens.
int try_listen(int socket, const addrinfo& where) {
    const int on = 1;
    if (::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0) return errno;
    if (::bind(socket, where.ai_addr, where.ai_addrlen) != 0) return errno;
    // A long backlog: a SYN dropped in a flood would cost a scrape a whole second.
    return ::listen(socket, SOMAXCONN) == 0 ? 0 : errno;
}

}  // namespace

Listener::Listener(const Address& address) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    addrinfo* answer = nullptr;
    const std::string host = host_to_resolve(address.host);
    const int failure =
        ::getaddrinfo(host.empty() ? nullptr : host.c_str(), std::to_string(address.port).c_str(), &hints, &answer);
    if (failure != 0) refuse(address, ::gai_strerror(failure));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> freed(answer, ::freeaddrinfo);

    int reason = 0;
    for (const addrinfo* where = answer; where != nullptr; where = where->ai_next) {
        socket_ = FileDescriptor(::socket(where->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        reason = socket_ ? try_listen(socket_.get(), *where) : errno;
        if (reason == 0) return;
    }
    refuse(address, reason == EADDRINUSE ? "address in use" : std::generic_category().message(reason));
}

std::uint16_t Listener::port() const {
    sockaddr_storage bound{};
    socklen_t size = sizeof bound;
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                             : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

}  // namespace outrigger::http
