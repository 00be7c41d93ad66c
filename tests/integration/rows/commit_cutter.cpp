#include "tests/integration/rows/commit_cutter.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace outrigger::rows {

namespace {

sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

bool send_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

}  // namespace

CommitCutter::CommitCutter(int server_port) : server_port_(server_port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    auto address = loopback(0);
    socklen_t length = sizeof(address);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 8) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
        throw std::runtime_error("no port for the proxy");
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { run(); });
}

CommitCutter::~CommitCutter() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
}

void CommitCutter::cut_next_answer_to(const std::string& statement) {
    const std::lock_guard lock(mutex_);
    awaited_ = statement;
}

bool CommitCutter::is_awaited(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (awaited_.empty() || bytes.find(awaited_) == std::string_view::npos) return false;
    awaited_.clear();
    return true;
}

// One connection at a time is enough: the sink has one.
void CommitCutter::run() {
    while (!stopping_) {
        pollfd waiting{listener_, POLLIN, 0};
        if (::poll(&waiting, 1, 50) <= 0) continue;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        serve(client);
        ::close(client);
    }
}

void CommitCutter::serve(int client) {
    const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = loopback(server_port_);
    if (::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        ::close(server);
        return;
    }
    std::array<char, 65536> buffer;
    bool cutting = false;
    while (!stopping_) {
        std::array<pollfd, 2> both{pollfd{client, POLLIN, 0}, pollfd{server, POLLIN, 0}};
        if (::poll(both.data(), both.size(), 50) <= 0) continue;
        const bool from_client = both[0].revents != 0;
        const auto got = ::recv(from_client ? client : server, buffer.data(), buffer.size(), 0);
        if (got <= 0) break;
        const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
        if (!from_client && cutting) {
            ++cuts_;
            break;
        }
        if (from_client && is_awaited(bytes)) cutting = true;
        if (!send_all(from_client ? server : client, bytes)) break;
    }
    ::close(server);
}

}  // namespace outrigger::rows
