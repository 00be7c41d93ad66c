// The ring: a preallocated file on tmpfs, written by one process (many threads), drained by its sender thread while it
// lives and by the agent once it is dead. Both sides include this header; the agent reads with pread and never maps it.
//
//   file   header (4096 bytes) · cells x 64 bytes
//   cell   the first cell of a record starts with CellHead; the record follows and runs on through the next cells,
//   round
//          the end of the file to its beginning
//   a record at cell ordinal p (from 0, never reset) has lap p / cells + 1. It is published when its CellHead carries
//   that lap; the word with lap and length is stored last, with release order.
//
// Reservation: one 64-bit word, low half = low 32 bits of the next free cell ordinal, high half = low 32 bits of the
// next number. released_cells and released_number (64 bits) extend both: next = released + (low word - released mod
// 2^32).
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "shared/protocol.h"

namespace outrigger::ring {

inline constexpr std::array<char, 8> magic = {'O', 'U', 'T', 'R', 'I', 'N', 'G', '1'};
inline constexpr std::size_t header_bytes = 4096;
inline constexpr std::size_t cell_bytes = 64;
inline constexpr std::size_t identity_bytes = 2048;
inline constexpr std::size_t default_bytes = 4 * 1024 * 1024;  // of the cells; a power of two
inline constexpr std::size_t least_bytes = 256 * 1024;
inline constexpr std::size_t greatest_bytes = 256 * 1024 * 1024;

struct CellHead {
    std::uint32_t length;  // of the record, in bytes          } one 64-bit word, stored last
    std::uint32_t lap;     // low 32 bits of the lap, from 1   }
    std::uint64_t number;
    std::uint32_t crc;  // CRC32C over lap, length, number and the record
    std::uint32_t reserved;
};
static_assert(sizeof(CellHead) == 24);

struct Header {
    // written before the file gets its name, constant since
    std::array<char, 8> magic;
    std::uint32_t version;  // 1
    std::uint32_t cell_bytes;
    std::uint64_t cells;
    EmitterId emitter;
    std::uint32_t hello_bytes;                    // length of `hello`
    std::array<std::byte, identity_bytes> hello;  // a hello frame as in protocol.h: who this is
    // each on a cache line of its own
    alignas(64) std::atomic<std::uint64_t> reservation;
    alignas(64) std::atomic<std::uint64_t> released_cells;  // ordinal of the first cell not yet acknowledged
    std::atomic<std::uint64_t> released_number;             // the first number not yet acknowledged, from 1
    alignas(64) std::array<std::atomic<std::uint64_t>, static_cast<std::size_t>(DropReason::count_)> drop_totals;
};
static_assert(sizeof(Header) <= header_bytes);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

constexpr std::uint64_t cells_of(std::size_t record_bytes) {
    return (sizeof(CellHead) + record_bytes + cell_bytes - 1) / cell_bytes;
}

}  // namespace outrigger::ring
