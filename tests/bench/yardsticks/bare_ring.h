// The yardstick of record(): a ring of cells that takes whole bytes from several threads, and nothing more: no
// encoding, no checksum, no number, no file that outlives its writer. One thread drains it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace outrigger::bench {

class BareRing {
  public:
    BareRing() : cells_(cell_count) {}

    // Any thread; false: full.
    bool push(std::string_view bytes) noexcept {
        std::uint64_t at = next_.load(std::memory_order_relaxed);
        do {
            if (at - drained_.load(std::memory_order_acquire) >= cell_count) return false;
        } while (!next_.compare_exchange_weak(at, at + 1, std::memory_order_relaxed));
        Cell& cell = cells_[at % cell_count];
        std::memcpy(cell.bytes.data(), bytes.data(), bytes.size());
        cell.published.store(at + 1, std::memory_order_release);
        return true;
    }

    // One thread: passes over all that is there.
    void drain() noexcept {
        std::uint64_t at = drained_.load(std::memory_order_relaxed);
        while (cells_[at % cell_count].published.load(std::memory_order_acquire) == at + 1) ++at;
        drained_.store(at, std::memory_order_release);
    }

  private:
    static constexpr std::uint64_t cell_count = 16 * 1024;
    struct alignas(64) Cell {
        std::atomic<std::uint64_t> published{0};
        std::array<char, 248> bytes;
    };
    std::vector<Cell> cells_;
    alignas(64) std::atomic<std::uint64_t> next_{0};
    alignas(64) std::atomic<std::uint64_t> drained_{0};
};

}  // namespace outrigger::bench
