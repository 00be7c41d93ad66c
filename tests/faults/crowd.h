// Clients of the socket who belong to another user: a process of its own that connects as often as it is told, and
// sends a line a byte at a time, never to its end.
#pragma once

#include <sys/types.h>

#include <string>

#include "tests/integration/peers/process.h"

namespace outrigger::faults {

class Crowd {
  public:
    // Takes root, to be somebody else.
    Crowd(const std::string& socket, unsigned clients, peers::User user);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

  private:
    pid_t process_;
};

}  // namespace outrigger::faults
