// Who gives up a seat when all are taken: a crowd of one user costs that user, not the neighbours. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace outrigger::intake {

// A connection: ids grow with time.
struct Seat {
    std::uint64_t id = 0;
    std::uint32_t uid = 0;
    bool silent = false;  // has sent nothing yet: nobody would have to send anything again
};

// The seat that a newcomer of this user gets when there is no other. Nothing: it is turned away.
//
// Of the user who holds most: the oldest that is silent; else the oldest of all, but only for another user, who holds
// fewer even with the newcomer. An emitter that is sent away comes again and resends.
std::optional<std::uint64_t> seat_for(std::uint32_t uid, std::span<const Seat> taken);

}  // namespace outrigger::intake
