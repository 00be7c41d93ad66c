// A client made of a bare socket, for tests that break the rules of HTTP. Every wait ends after a few seconds.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace outrigger::http {

class RawClient {
  public:
    explicit RawClient(std::uint16_t port, int receive_buffer = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        const timeval patience{5, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        sockaddr_in peer{};
        peer.sin_family = AF_INET;
        peer.sin_port = htons(port);
        peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&peer), sizeof peer) == 0;
    }
    ~RawClient() { ::close(socket_); }
    RawClient(RawClient&& other) noexcept : socket_(other.socket_), connected_(other.connected_) { other.socket_ = -1; }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;
    RawClient& operator=(RawClient&&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }

    // How much was taken before the peer closed or stopped taking.
    std::size_t send(std::string_view text) {
        std::size_t sent = 0;
        while (sent < text.size()) {
            const ssize_t taken = ::send(socket_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
            if (taken <= 0) break;
            sent += static_cast<std::size_t>(taken);
        }
        return sent;
    }

    // One answer: headers, and as much body as Content-Length says, unless this was a HEAD.
    std::string answer(bool head = false) {
        while (text_.find("\r\n\r\n") == text_.npos && receive()) {
        }
        const std::size_t body = text_.find("\r\n\r\n");
        if (body == text_.npos) return std::exchange(text_, {});
        std::size_t length = 0;
        const std::size_t field = text_.find("Content-Length: ");
        if (!head && field < body) length = std::stoul(text_.substr(field + 16));
        while (text_.size() < body + 4 + length && receive()) {
        }
        std::string whole = text_.substr(0, body + 4 + length);
        text_.erase(0, whole.size());
        return whole;
    }

    // Whatever comes until the peer closes; `closed()` says whether it did, in time.
    std::string rest() {
        while (receive()) {
        }
        return std::exchange(text_, {});
    }
    [[nodiscard]] bool closed() const { return closed_; }

    // The begin of an answer is there, or its end; it stays to be read.
    [[nodiscard]] bool answered_within(std::chrono::milliseconds patience) const {
        pollfd watched{socket_, POLLIN, 0};
        return ::poll(&watched, 1, static_cast<int>(patience.count())) > 0;
    }

    [[nodiscard]] bool hangs_up_within(std::chrono::milliseconds patience) const {
        pollfd watched{socket_, POLLRDHUP, 0};
        return ::poll(&watched, 1, static_cast<int>(patience.count())) > 0;
    }

  private:
    bool receive() {
        std::array<char, 65536> chunk;
        const ssize_t got = ::recv(socket_, chunk.data(), chunk.size(), 0);
        if (got > 0) text_.append(chunk.data(), static_cast<std::size_t>(got));
        if (got == 0 || (got < 0 && errno == ECONNRESET)) closed_ = true;
        return got > 0;
    }

    int socket_;
    bool connected_ = false;
    bool closed_ = false;
    std::string text_;
};

}  // namespace outrigger::http
