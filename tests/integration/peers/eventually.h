// Waiting for what other processes do: asks again each 20 ms, gives up at the deadline.
#pragma once

#include <chrono>
#include <functional>

namespace outrigger::peers {

// Whether `holds` became true in time; an exception that it throws counts as "not yet".
bool eventually(std::chrono::milliseconds deadline, const std::function<bool()>& holds);

}  // namespace outrigger::peers
