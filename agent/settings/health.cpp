#include "agent/settings/health.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "agent/settings/masked.h"

namespace outrigger::settings {
namespace {

using Clock = std::chrono::steady_clock;

struct Socket {
    explicit Socket(int family) : fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
    ~Socket() {
        if (fd >= 0) close(fd);
    }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    int fd;
};

struct Address {
    sockaddr_storage storage{};
    socklen_t bytes = 0;
};

Address to_address(std::string host, std::uint16_t port) {
    if (host == "0.0.0.0") host = "127.0.0.1";
    if (host == "::") host = "::1";
    Address address;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(port);
        address.bytes = sizeof v4;
        std::memcpy(&address.storage, &v4, sizeof v4);
    } else if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(port);
        address.bytes = sizeof v6;
        std::memcpy(&address.storage, &v6, sizeof v6);
    }
    return address;
}

// 0 when the socket is ready, else the errno.
int wait_for(int fd, short events, Clock::time_point deadline) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0) return ETIMEDOUT;
        pollfd wanted{fd, events, 0};
        const int ready = poll(&wanted, 1, static_cast<int>(left));
        if (ready > 0) return 0;
        if (ready < 0 && errno != EINTR) return errno;
    }
}

int connect_to(int fd, const Address& address, Clock::time_point deadline) {
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.bytes) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (const int failed = wait_for(fd, POLLOUT, deadline)) return failed;
    int result = 0;
    socklen_t bytes = sizeof result;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &result, &bytes) == 0 ? result : errno;
}

// The first line of the answer, which is all that is read.
int exchange(int fd, std::string_view request, Clock::time_point deadline, std::string& line) {
    // A fresh connection's send buffer takes some 60 bytes at once, or something is wrong.
    const auto sent = send(fd, request.data(), request.size(), MSG_NOSIGNAL);
    if (sent < 0) return errno;
    if (static_cast<std::size_t>(sent) != request.size()) return EPROTO;
    constexpr std::size_t most = 256;
    while (!line.contains('\n') && line.size() < most) {
        if (const int failed = wait_for(fd, POLLIN, deadline)) return failed;
        std::array<char, most> bytes{};
        const auto count = recv(fd, bytes.data(), bytes.size(), 0);
        if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (count < 0) return errno;
        if (count == 0) break;
        line.append(bytes.data(), static_cast<std::size_t>(count));
    }
    line.resize(std::min(line.find_first_of("\r\n"), line.size()));
    return 0;
}

}  // namespace

std::expected<void, Error> ask_health(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience) {
    const auto deadline = Clock::now() + patience;
    const auto shown = (host.contains(':') ? "[" + host + "]" : host) + ":" + std::to_string(port);
    const auto unhealthy = [&](const std::string& why) {
        return std::unexpected(Error{ErrorKind::retry, "http://" + shown + "/-/healthy: " + why});
    };
    if (port == 0) return unhealthy("port 0 is any port: name the one that the agent has, with --http");
    const auto address = to_address(host, port);
    if (address.bytes == 0) return unhealthy("not an address");
    const Socket socket(address.storage.ss_family);
    if (socket.fd < 0) return unhealthy(std::strerror(errno));
    if (const int failed = connect_to(socket.fd, address, deadline)) return unhealthy(std::strerror(failed));
    std::string line;
    if (const int failed = exchange(socket.fd, "GET /-/healthy HTTP/1.0\r\n\r\n", deadline, line)) {
        return unhealthy(std::strerror(failed));
    }
    const bool is_http = line.starts_with("HTTP/1.");
    if (is_http && std::string_view(line).substr(0, 13).ends_with(" 200 ")) return {};
    return unhealthy(is_http ? "answered '" + printable(line) + "'" : "no HTTP answer");
}

}  // namespace outrigger::settings
