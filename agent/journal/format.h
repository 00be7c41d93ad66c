// The journal on disk, drawn: a folder of segments `<id, 16 hex digits>.seg`, each of which reads alone. Used by the
// writer, the scan and recovery. Pure: no I/O. All numbers little-endian.
//
//   segment    header (4 KiB) · entries · seal · zeros up to the preallocated size
//   header     two equal copies of 2 KiB, so that one damaged sector costs nothing:
//       0  u8[8] magic "OUTRJRN\n"          32  u8[16] journal uuid
//       8  u32 version 1                    48  u8[16] that of the segment before it: other histories are told apart
//      12  u32 number of kinds              64  u64 position of the first entry
//      16  u64 segment id                   72  i64 created, UTC microseconds
//      24  u64 generation                   80  u64 cumulative count of each kind before this segment
//                                               zeros
//                                         2044  u32 CRC-32C of the 2044 bytes before it
//
//   entry      head (40 bytes) · payload · zeros up to a multiple of 8
//       0  u32 CRC-32C of all that follows, seeded with uuid and segment id: bytes of another segment never validate
//       4  u32 length of the payload
//       8  u8  kind (Kind; 255: seal)       12  u32 ordinal in the segment; position = first + ordinal
//       9  u8  flags: 3 bits start, 8 kept, 16 last of its batch
//      10  i8  priority                     16  u32 emitter (handle)   20  u32 0
//      11  i8  mechanism                    24  u64 number             32  i64 arrival, UTC microseconds
//
//   seal       an entry without position, its ordinal the number of entries: u64 cumulative count of each kind at the
//              end. Written when a segment is closed in good order; after a crash there is none.
//   end        a head of zeros, the seal, or the end of the file. An entry that does not validate is followed by a
//              search, in steps of 8 bytes, for the next one that does; the ordinals say how many are missing.
//   batch      lies in one segment; a tail without its last-of-batch flag was never acknowledged and is cut
//              (tail.h: how it is told from damage).
//
// Beside the segments lie `spare.new` and, for a moment, `<id>.seg.new`: files without a header, removed at a start.
//
// An id is never used twice, in either folder. A higher (generation, id) wins: positions from its first one on belong
// to it, whatever older segments hold beyond.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/journal/entry.h"
#include "agent/journal/journal.h"
#include "shared/limits.h"

namespace outrigger::journal {

inline constexpr std::size_t header_bytes = 4096;
inline constexpr std::size_t header_copy_bytes = header_bytes / 2;
inline constexpr std::size_t head_bytes = 40;
inline constexpr std::size_t payload_limit = limits::record_bytes;
inline constexpr std::uint8_t seal_kind = 255;
inline constexpr std::string_view unfinished_suffix = ".new";  // behind the name of a segment that is being made
inline constexpr std::string_view spare_name = "spare.new";    // the next segment's file, allocated ahead
inline constexpr std::uint64_t last_segment_id = std::uint64_t{1} << 62;  // one beyond is not ours

struct Header {
    std::uint64_t id = 0;
    std::uint64_t generation = 0;
    Uuid uuid{};
    Uuid continues{};  // the uuid of the segment before it
    std::uint64_t first = 1;
    std::int64_t created_us = 0;
    Counts before{};
};

// The head of an entry, but for its checksum. `kind` may be seal_kind.
struct Head {
    Envelope envelope;
    std::uint8_t kind = 0;
    std::uint32_t length = 0;
    std::uint32_t ordinal = 0;
    bool last_of_batch = false;
};

constexpr std::size_t padded(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }
constexpr std::size_t entry_bytes(std::size_t payload_bytes) { return head_bytes + padded(payload_bytes); }
inline constexpr std::size_t seal_bytes = entry_bytes(sizeof(Counts));

std::string segment_name(std::uint64_t id);
std::optional<std::uint64_t> parse_segment_name(std::string_view name);

void append(std::vector<std::byte>& out, const Header& header);  // both copies: header_bytes
// Either copy will do; nothing when both are damaged, of another version, or not ours.
struct ParsedHeader {
    Header header;
    bool damaged = false;  // one of the copies is
};
std::optional<ParsedHeader> parse_header(Bytes bytes);

// What an entry's checksum starts from.
std::uint32_t checksum_seed(const Header& header);

// Appends an entry with ordinal and checksum left out; stamp() adds them in place once the segment is known.
void append_entry(std::vector<std::byte>& out, const Envelope& envelope, Bytes payload);
// The same with the payload left out, too: where it goes.
std::byte* append_head(std::vector<std::byte>& out, const Envelope& envelope, std::size_t payload_bytes);
void stamp(std::byte* entry, std::uint32_t ordinal, bool last_of_batch, std::uint32_t seed);
void append_seal(std::vector<std::byte>& out, std::uint32_t ordinal, const Counts& counts, std::uint32_t seed);
std::optional<Counts> parse_seal(Bytes payload);

// The head at `at`, which holds at least head_bytes; nothing unless it could be one.
std::optional<Head> parse_head(const std::byte* at);
// The same of bytes that this process has just written: nothing is checked.
Head trusted_head(const std::byte* at);
bool validates(const std::byte* entry, const Head& head, std::uint32_t seed);

}  // namespace outrigger::journal
