// A client without manners: sends the bytes it is told to, one connection, and shows what comes back.
// Used where an HTTP library would refuse to send what the test wants sent.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>

#include "shared/file_descriptor.h"

namespace outrigger::app {

class RawClient {
  public:
    explicit RawClient(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        connected_ = connect(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }

    bool send(std::string_view bytes) const {
        return connected_ &&
               ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
    }

    // What arrives until `end` was seen, the server closes, or nothing came for a minute: machines that run tests can
    // be very busy.
    std::string read_until(std::string_view end) {
        std::string text;
        while (text.find(end) == std::string::npos && read_some(text)) {
        }
        return text;
    }

    std::string read_to_end() { return read_until("\xff"); }

    bool closed() const { return closed_; }

  private:
    bool read_some(std::string& text) {
        pollfd one{fd_.get(), POLLIN, 0};
        if (poll(&one, 1, patience_ms) <= 0) return false;
        std::array<char, 4096> bytes{};
        const auto count = recv(fd_.get(), bytes.data(), bytes.size(), 0);
        closed_ = count <= 0;
        if (!closed_) text.append(bytes.data(), static_cast<std::size_t>(count));
        return !closed_;
    }

    static constexpr int patience_ms = 60'000;

    FileDescriptor fd_;
    bool connected_ = false;
    bool closed_ = false;
};

}  // namespace outrigger::app
