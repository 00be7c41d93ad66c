#include "tests/bench/kit/allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};
thread_local std::uint64_t allocations_here = 0;

}  // namespace

// The library's other forms call this one.
void* operator new(std::size_t bytes) {
    if (counting.load(std::memory_order_relaxed)) {
        allocations.fetch_add(1, std::memory_order_relaxed);
        ++allocations_here;
    }
    if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace outrigger::bench {

Allocations::Allocations() {
    allocations = 0;
    allocations_here = 0;
    counting = true;
}
Allocations::~Allocations() { counting = false; }
std::uint64_t Allocations::so_far() const { return allocations.load(); }
std::uint64_t Allocations::by_this_thread() const { return allocations_here; }

}  // namespace outrigger::bench
