#include "agent/sinks/traces/connect.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <system_error>
#include <utility>

namespace outrigger::traces {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Limits {
    Clock::time_point deadline;
    const std::function<bool()>& given_up;
};

std::expected<void, std::string> wait_until_connected(int socket, const Limits& limits) {
    constexpr auto look_time = 20ms;
    pollfd wanted{socket, POLLOUT, 0};
    while (::poll(&wanted, 1, static_cast<int>(look_time.count())) <= 0) {
        if (limits.given_up()) return std::unexpected("stopped");
        if (Clock::now() >= limits.deadline) return std::unexpected("no answer");
    }
    int error = 0;
    socklen_t length = sizeof error;
    ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error != 0) return std::unexpected(std::generic_category().message(error));
    return {};
}

std::expected<FileDescriptor, std::string> try_address(const sinks::Address& address, const Limits& limits) {
    FileDescriptor made(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!made) return std::unexpected(std::generic_category().message(errno));
    if (::connect(made.get(), address.get(), address.length) != 0) {
        if (errno != EINPROGRESS) return std::unexpected(std::generic_category().message(errno));
        if (const auto done = wait_until_connected(made.get(), limits); !done) return std::unexpected(done.error());
    }
    ::fcntl(made.get(), F_SETFL, ::fcntl(made.get(), F_GETFL) & ~O_NONBLOCK);
    const int on = 1;
    if (address.family() != AF_UNIX) ::setsockopt(made.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
}

sinks::Addresses address_of(const std::string& path) {
    sinks::Address address;
    auto& local = reinterpret_cast<sockaddr_un&>(address.bytes);
    local.sun_family = AF_UNIX;
    path.copy(local.sun_path, sizeof local.sun_path - 1);
    address.length = sizeof local;
    return {address};
}

}  // namespace

std::string to_text(const Target& target) {
    if (!target.path.empty()) return target.path;
    const bool bracketed = target.host.contains(':');
    return (bracketed ? "[" + target.host + "]" : target.host) + ":" + std::to_string(target.port);
}

std::expected<FileDescriptor, std::string> connect_to(const Target& target, sinks::NameLookup& name,
                                                      std::chrono::milliseconds patience,
                                                      const std::function<bool()>& given_up) {
    const Limits limits{Clock::now() + patience, given_up};
    const auto addresses = target.path.empty() ? name.resolve(patience, given_up) : address_of(target.path);
    if (!addresses) return std::unexpected("cannot connect to " + to_text(target) + ": " + addresses.error());
    std::string problem;
    auto left = static_cast<std::int64_t>(addresses->size());
    for (const sinks::Address& address : *addresses) {
        // Its share of what is left: an address that swallows everything must not keep the next from being tried.
        const auto now = Clock::now();
        auto made = try_address(address, {now + (limits.deadline - now) / left--, given_up});
        if (made) return made;
        problem = made.error();
        if (given_up() || Clock::now() >= limits.deadline) break;
    }
    return std::unexpected("cannot connect to " + to_text(target) + ": " + problem);
}

}  // namespace outrigger::traces
