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
// 2^32). A release stores released_number, clears the first word of each cell it frees that bears the cell's next lap,
// then stores released_cells: what follows a crash in between has numbers below released_number, or none. A ring that
// takes no more has all its free cells reserved without a number.
//
// Names: the folder `<socket>.rings` holds `<emitter id, 32 hex>.ring`; a ring in the making ends in `.new`, is locked
// as soon as it is opened, and belongs to nobody when that lock is free.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "shared/crc32c.h"
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
    // written before the file gets its name, constant since; but an emitter of which the agent claims to know more
    // than there is takes a fresh id, here and in `hello`
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

inline constexpr std::string_view folder_suffix = ".rings";
inline constexpr std::string_view file_suffix = ".ring";
inline constexpr std::string_view new_suffix = ".new";

constexpr std::uint64_t cells_of(std::size_t record_bytes) {
    return (sizeof(CellHead) + record_bytes + cell_bytes - 1) / cell_bytes;
}

// Low 32 bits of the lap in which a cell ordinal lies; `cells` is a power of two.
constexpr std::uint32_t lap_of(std::uint64_t ordinal, std::uint64_t cells) {
    return static_cast<std::uint32_t>(ordinal / cells + 1);
}

// Where a cell ordinal lies, in bytes from the first cell.
constexpr std::size_t offset_of(std::uint64_t ordinal, std::uint64_t cells) { return ordinal % cells * cell_bytes; }

constexpr std::uint32_t low_half(std::uint64_t word) { return static_cast<std::uint32_t>(word); }
constexpr std::uint32_t high_half(std::uint64_t word) { return static_cast<std::uint32_t>(word >> 32); }
constexpr std::uint64_t joined(std::uint32_t low, std::uint32_t high) { return std::uint64_t{high} << 32 | low; }

// A half of the reservation word, extended by the 64-bit mark that it is at or beyond.
constexpr std::uint64_t extended(std::uint64_t mark, std::uint32_t half) { return mark + (half - low_half(mark)); }

// CellHead::crc of a record.
inline std::uint32_t checksum(std::uint32_t lap, std::uint64_t number, Bytes record) noexcept {
    const auto length = static_cast<std::uint32_t>(record.size());
    std::array<std::byte, 16> head;
    std::memcpy(head.data(), &lap, sizeof lap);
    std::memcpy(head.data() + 4, &length, sizeof length);
    std::memcpy(head.data() + 8, &number, sizeof number);
    return crc32c(record, crc32c(head));
}

}  // namespace outrigger::ring
