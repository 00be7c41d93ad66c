// A listening TCP socket for the HTTP door. Opened when the agent starts, used on the door's thread.
#pragma once

#include <cstdint>
#include <string>

#include "shared/file_descriptor.h"

namespace outrigger::http {

struct Address {
    std::string host;  // a name or literal; empty: all addresses
    std::uint16_t port = 0;
};

class Listener {
  public:
    // Port 0 takes a free one. Throws std::runtime_error that names the setting, the address and the reason.
    explicit Listener(const Address& address);

    [[nodiscard]] int socket() const { return socket_.get(); }
    [[nodiscard]] std::uint16_t port() const;

  private:
    FileDescriptor socket_;
};

}  // namespace outrigger::http
