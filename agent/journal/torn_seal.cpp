#include "agent/journal/torn_seal.h"

#include <algorithm>

namespace outrigger::journal {
namespace {

constexpr std::uint64_t block_bytes = 512;

bool is_zero(std::byte byte) { return byte == std::byte{0}; }

}  // namespace

bool is_torn_seal(Disk& disk, const File& file, const Header& header, std::uint64_t at, std::uint64_t entries,
                  const Counts& counts) {
    std::vector<std::byte> wanted;
    append_seal(wanted, static_cast<std::uint32_t>(entries), counts, checksum_seed(header));
    std::vector<std::byte> bytes(seal_bytes + 1);
    const auto filled = read_all(disk, file, bytes, at);
    if (!filled || *filled != seal_bytes) return false;
    for (std::uint64_t from = 0; from < seal_bytes;) {
        const std::uint64_t to = std::min<std::uint64_t>(seal_bytes, from + block_bytes - (at + from) % block_bytes);
        const auto part = std::span(bytes).subspan(from, to - from);
        if (!std::ranges::equal(part, std::span(wanted).subspan(from, to - from)) &&
            !std::ranges::all_of(part, is_zero))
            return false;
        from = to;
    }
    return true;
}

}  // namespace outrigger::journal
