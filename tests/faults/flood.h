// A client beside the load that sends much at once, so that segments fill.
#pragma once

#include "tests/faults/world.h"

namespace outrigger::faults {

// Lines of 3 KiB from an emitter of their own; returns when the agent has acknowledged them all, or after 30 s. False
// then; the world knows of them either way.
bool flood(World& world, int lines);

}  // namespace outrigger::faults
