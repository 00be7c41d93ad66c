#include "agent/journal/renewal.h"

#include <algorithm>
#include <utility>

#include "agent/journal/active_segment.h"
#include "agent/journal/scan.h"

namespace outrigger::journal {
namespace {

constexpr std::uint64_t window_bytes = std::uint64_t{1} << 20;

// The entry as it stands in the new segment: same bytes, another checksum.
std::vector<std::byte> stamped(const SegmentScan& scan, std::uint32_t seed) {
    std::vector<std::byte> entry;
    append_entry(entry, scan.head().envelope, scan.payload());
    stamp(entry.data(), scan.head().ordinal, scan.head().last_of_batch, seed);
    return entry;
}

int copy_entries(Disk& disk, const Segment& old, const File& to, std::uint64_t end, std::uint32_t seed) {
    auto opened = disk.open(old.path);
    if (!opened) return opened.error();
    SegmentScan scan(disk, std::make_shared<const File>(std::move(*opened)), old.header);
    for (auto what = scan.next(end); what != SegmentScan::What::end; what = scan.next(end)) {
        if (what == SegmentScan::What::retry) continue;
        const auto entry = stamped(scan, seed);
        if (const int error = write_all(disk, to, entry, scan.end_offset() - entry.size()); error != 0) return error;
    }
    return 0;
}

}  // namespace

int write_again(Disk& disk, const Segment& segment, std::uint64_t bytes) {
    const auto from = disk.open(segment.path);
    if (!from) return from.error();
    const auto to = disk.open_to_write(segment.path);
    if (!to) return to.error();
    std::vector<std::byte> window(static_cast<std::size_t>(std::min(window_bytes, bytes)));
    for (std::uint64_t at = 0; at < bytes;) {
        const auto part = std::span(window).first(static_cast<std::size_t>(std::min(window_bytes, bytes - at)));
        const auto filled = read_all(disk, *from, part, at);
        if (!filled) return filled.error();
        if (*filled == 0) break;
        if (const int error = write_all(disk, *to, part.first(*filled), at); error != 0) return error;
        at += *filled;
    }
    return disk.sync(*to);
}

std::expected<Segment, Failure> write_anew(Disk& disk, const Segment& old, const Extent& extent, std::uint64_t id,
                                           std::uint64_t generation) {
    Header header = old.header;
    header.id = id;
    header.generation = generation;
    const std::uint32_t seed = checksum_seed(header);
    auto unfinished = old.path.parent_path() / segment_name(id);
    unfinished += unfinished_suffix;
    const std::uint64_t end = extent.sealed ? extent.bytes : extent.bytes + seal_bytes;
    auto blank = BlankSegment::make(disk, unfinished, end, false);  // synced with the header
    if (!blank) return std::unexpected(blank.error());
    std::vector<std::byte> seal;
    append_seal(seal, static_cast<std::uint32_t>(extent.entries), extent.counts, seed);
    int error = copy_entries(disk, old, blank->file, extent.bytes, seed);
    if (error == 0) error = write_all(disk, blank->file, seal, end - seal_bytes);
    if (error != 0) {
        disk.remove(unfinished);
        return std::unexpected(Failure{Op::write, error});
    }
    auto made = ActiveSegment::begin(disk, std::move(*blank), header, true);
    if (!made) return std::unexpected(made.error());
    return Segment{header, made->path(), old.fallback, end, end, old.damaged, false};
}

}  // namespace outrigger::journal
