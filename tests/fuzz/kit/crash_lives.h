// Some lives of a journal on a disk that loses its power at any call; at each start what was acknowledged is there, as
// it was and in order, and the rest is a part of the batch under way or nothing. By the fuzz target and the fault case.
#pragma once

#include <cstdint>

#include "tests/fuzz/kit/source.h"

namespace outrigger::fuzz {

// How many states of a disk after a power loss were started from. Throws Broken.
std::uint64_t live_through_crashes(Source& chance);

}  // namespace outrigger::fuzz
