// Counts how often this process asks for memory, by all threads or by one, while somebody counts: malloc and its like,
// which operator new and the libraries (libpq, simdjson) call, too.
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
