// What the rings of an app's emitters say of themselves, from outside: the agent may be stopped or absent.
#pragma once

#include <cstdint>
#include <string>

namespace outrigger::bench {

// Events that found no room, in all rings beside an agent's socket.
std::uint64_t ring_drops(const std::string& socket);

}  // namespace outrigger::bench
