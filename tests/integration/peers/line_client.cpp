#include "tests/integration/peers/line_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace outrigger::peers {

LineClient::LineClient(const std::string& path)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        const int error = errno;
        ::close(socket_);
        throw std::system_error(error, std::generic_category(), path);
    }
}

LineClient::~LineClient() { ::close(socket_); }

bool LineClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        } else if (errno != EAGAIN || !wait_for(POLLIN | POLLOUT, std::chrono::seconds{20})) {
            return false;
        }
        if (wait_for(POLLIN, {}) && !read_some()) return false;
    }
    return true;
}

std::optional<std::string> LineClient::receive(std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (true) {
        if (const std::size_t newline = received_.find('\n'); newline != std::string::npos) {
            std::string line = received_.substr(0, newline);
            received_.erase(0, newline + 1);
            return line;
        }
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !wait_for(POLLIN, left) || !read_some()) return std::nullopt;
    }
}

bool LineClient::closed_by_peer(std::chrono::milliseconds deadline) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (true) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !wait_for(POLLIN, left)) return false;
        if (!read_some()) return true;
    }
}

bool LineClient::wait_for(short events, std::chrono::milliseconds deadline) const {
    pollfd entry{socket_, events, 0};
    return ::poll(&entry, 1, static_cast<int>(deadline.count())) > 0;
}

bool LineClient::read_some() {
    std::array<char, 65536> buffer;  // NOLINT: read() fills it
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count > 0) received_.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0 || (count < 0 && errno == EAGAIN);
}

}  // namespace outrigger::peers
