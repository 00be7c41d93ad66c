// Counts what operator new is asked for in this process, by all threads or by one, while somebody counts.
#pragma once

#include <cstdint>

namespace outrigger::bench {

class Allocations {
  public:
    Allocations();  // one at a time
    ~Allocations();
    Allocations(const Allocations&) = delete;
    Allocations& operator=(const Allocations&) = delete;
    std::uint64_t so_far() const;
    std::uint64_t by_this_thread() const;
};

}  // namespace outrigger::bench
