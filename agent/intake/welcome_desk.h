// Takes new connections off the listening socket: who may come in, and what happens when no descriptor is left.
// Intake's thread alone.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "agent/intake/counters.h"
#include "shared/file_descriptor.h"

namespace outrigger::intake {

struct Guest {
    FileDescriptor fd;  // non-blocking
    std::uint32_t uid = 0;
};

class WelcomeDesk {
  public:
    // `listener` is borrowed. With both lists empty everyone the socket's mode admits may come in.
    WelcomeDesk(int listener, std::vector<std::uint32_t> allow_uids, std::vector<std::uint32_t> allow_gids,
                Counters& counters);

    // The next one that may stay; none: nobody is waiting, or `turns`, which counts everybody at the door, are used up.
    // Those who may not stay are closed and counted on the way.
    std::optional<Guest> next(int& turns);

  private:
    FileDescriptor accept_one();
    bool allowed(int fd, std::uint32_t uid, std::uint32_t gid) const;

    int listener_;
    std::vector<std::uint32_t> allow_uids_, allow_gids_;
    Counters& counters_;
    FileDescriptor reserve_;  // given up for a moment to close a caller when no descriptor is left
};

}  // namespace outrigger::intake
