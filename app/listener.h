// The one listening socket that all workers share: opened by the parent, inherited by each worker through fork.
//
// Why not SO_REUSEPORT, a socket for each worker: the kernel would hash a connection to one worker's own queue, and
// what waits there is reset when that worker dies. Here connections wait in one queue that no single death empties, and
// the kernel wakes those who block in accept() in turn, so that load spreads over the workers.
#pragma once

#include <chrono>
#include <string>

#include "app/settings.h"
#include "shared/file_descriptor.h"

namespace outrigger::app {

class Listener {
  public:
    explicit Listener(const Address& address);  // throws std::invalid_argument naming --listen

    // accept() on it returns EAGAIN after this long, so that who waits there sees that it should stop.
    static constexpr std::chrono::milliseconds patience{250};

    int fd() const { return fd_.get(); }
    Address address() const { return address_; }  // with the port that was given
    std::string name() const;                     // host:port, an IPv6 host in brackets

  private:
    Address address_;
    FileDescriptor fd_;
};

}  // namespace outrigger::app
