#include "tests/bench/kit/allocations.h"

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace {

std::atomic<bool> counting{false};
std::atomic<std::uint64_t> allocations{0};
thread_local std::uint64_t allocations_here = 0;

void count() noexcept {
    if (!counting.load(std::memory_order_relaxed)) return;
    allocations.fetch_add(1, std::memory_order_relaxed);
    ++allocations_here;
}

}  // namespace

// The functions of glibc stand behind its own, for programs that put theirs before them; free stays glibc's. All forms
// of operator new end here.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t members, std::size_t bytes);
void* __libc_realloc(void* memory, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);

void* malloc(std::size_t bytes) {
    count();
    return __libc_malloc(bytes);
}
void* calloc(std::size_t members, std::size_t bytes) {
    count();
    return __libc_calloc(members, bytes);
}
void* realloc(void* memory, std::size_t bytes) {
    count();
    return __libc_realloc(memory, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
    count();
    return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
    count();
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
    count();
    *memory = __libc_memalign(alignment, bytes);
    return *memory == nullptr ? ENOMEM : 0;
}
}

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
