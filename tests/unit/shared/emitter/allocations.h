// How often the calling thread has asked operator new for memory. The test program's own operator new counts.
#pragma once

#include <cstdint>

namespace outrigger::test {

std::uint64_t allocations_of_this_thread() noexcept;

}  // namespace outrigger::test
