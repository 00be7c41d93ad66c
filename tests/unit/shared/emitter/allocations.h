// How often the calling thread has asked for memory: the test program's own operator new counts, or a sanitizer does.
#pragma once

#include <cstdint>

namespace outrigger::test {

std::uint64_t allocations_of_this_thread() noexcept;

}  // namespace outrigger::test
