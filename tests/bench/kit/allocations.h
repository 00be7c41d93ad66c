// Counts what operator new is asked for in this process, by all threads, while somebody counts.
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
};

}  // namespace outrigger::bench
