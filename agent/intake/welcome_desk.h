// Takes new connections off the listening socket: who may come in, and what happens when no descriptor is left.
// Intake's thread alone.
#pragma once

#include <cstdint>
#include <optional>

#include "agent/intake/allow_list.h"
#include "agent/intake/counters.h"
#include "shared/file_descriptor.h"

namespace outrigger::intake {

struct Guest {
    FileDescriptor fd;  // non-blocking
    std::uint32_t uid = 0;
};

class WelcomeDesk {
  public:
    // All three are borrowed.
    WelcomeDesk(int listener, const AllowList& allowed, Counters& counters);

    // The next one that may stay; none: nobody is waiting, or `turns`, which counts everybody at the door, are used up.
    // Those who may not stay are closed and counted on the way.
    std::optional<Guest> next(int& turns);

  private:
    FileDescriptor accept_one();

    int listener_;
    const AllowList& allowed_;
    Counters& counters_;
    FileDescriptor reserve_;  // given up for a moment to close a caller when no descriptor is left
};

}  // namespace outrigger::intake
