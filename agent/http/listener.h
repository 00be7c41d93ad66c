// A listening TCP socket for the HTTP door. Opened when the agent starts, used on the door's thread.
#pragma once

#include <cstdint>
#include <string>

namespace outrigger::http {

struct Address {
    std::string host;  // a name or literal; empty: all addresses
    std::uint16_t port = 0;
};

class Listener {
  public:
    // Port 0 takes a free one. Throws std::runtime_error that names the setting, the address and the reason.
    explicit Listener(const Address& address);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    [[nodiscard]] int socket() const { return socket_; }
    [[nodiscard]] std::uint16_t port() const;

  private:
    int socket_ = -1;
};

}  // namespace outrigger::http
