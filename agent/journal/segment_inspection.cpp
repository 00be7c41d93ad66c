#include "agent/journal/segment_inspection.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "agent/journal/scan.h"
#include "agent/journal/tail.h"
#include "agent/journal/torn_seal.h"

namespace outrigger::journal {
namespace {

std::string in_words(std::uint64_t count, const std::string& one, const std::string& many) {
    return std::to_string(count) + " " + (count == 1 ? one : many);
}

// Which of the two copies it is.
void look_at_header(Disk& disk, const File& file, Inspected& seen) {
    std::vector<std::byte> bytes(header_bytes);
    const auto filled = read_all(disk, file, bytes, 0);
    if (!filled)
        return seen.damage.push_back({0, "cannot be read: " + std::generic_category().message(filled.error())});
    const auto parsed = *filled == bytes.size() ? parse_header(bytes) : std::nullopt;
    if (!parsed) return seen.damage.push_back({0, "no header: neither copy is whole"});
    seen.header = parsed->header;
    if (!parsed->damaged) return;
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(header_copy_bytes), bytes.end(), std::byte{0});
    seen.damage.push_back(
        {parse_header(bytes) ? header_copy_bytes : 0, "one of the two copies of the header is damaged"});
}

// A segment that was closed in good order ends with its seal: that is enough to list it.
bool look_at_seal(Disk& disk, const File& file, Inspected& seen) {
    if (seen.bytes < header_bytes + seal_bytes) return false;
    std::vector<std::byte> bytes(seal_bytes);
    const auto filled = read_all(disk, file, bytes, seen.bytes - seal_bytes);
    if (!filled || *filled != bytes.size()) return false;
    const auto head = parse_head(bytes.data());
    if (!head || head->kind != seal_kind || entry_bytes(head->length) != seal_bytes) return false;
    if (!validates(bytes.data(), *head, checksum_seed(*seen.header))) return false;
    const auto counts = parse_seal(Bytes(bytes).subspan(head_bytes, head->length));
    if (!counts) return false;
    seen.sealed = true;
    seen.entries = head->ordinal;
    for (std::size_t kind = 0; kind < counts->size(); ++kind)
        seen.counts[kind] = (*counts)[kind] - seen.header->before[kind];
    return true;
}

std::string hole(const Inspected& seen, std::uint64_t entries) {
    if (entries == 0) return "bytes that are no entry";
    const std::uint64_t first = seen.header->first + seen.entries;
    const std::string where = entries == 1
                                  ? "position " + std::to_string(first)
                                  : "positions " + std::to_string(first) + " to " + std::to_string(first + entries - 1);
    return in_words(entries, "entry does not validate: ", "entries do not validate: ") + where;
}

// What has been read up to the end of the last whole batch.
struct Whole {
    std::uint64_t entries = 0;
    std::uint64_t bytes = header_bytes;
    Counts counts{};
    std::size_t damages = 0;
};

bool is_torn(Disk& disk, const File& file, const Whole& whole, const Inspected& seen) {
    Counts counts = seen.header->before;
    for (std::size_t kind = 0; kind < counts.size(); ++kind) counts[kind] += whole.counts[kind];
    return is_torn_seal(disk, file, *seen.header, whole.bytes, whole.entries, counts);
}

// Back to the end of the last whole batch, unless what follows was written and damaged since.
void look_at_tail(Disk& disk, const File& file, const Whole& whole, std::uint64_t end, Inspected& seen) {
    const auto inspect = [&](std::uint64_t at, std::uint64_t entries) {
        return inspect_tail(disk, file, *seen.header, at, static_cast<std::uint32_t>(entries), seen.bytes);
    };
    const auto tail = inspect(whole.bytes, whole.entries);
    // A file that was closed in good order ends with its seal.
    const bool had_seal = seen.bytes - whole.bytes == seal_bytes;
    if (tail.what == Tail::What::damaged && !had_seal) {
        const auto rest = seen.entries > whole.entries ? inspect(end, seen.entries) : tail;
        const std::uint64_t entries = rest.what == Tail::What::damaged ? rest.entries : 0;
        if (entries > 0 || seen.damage.size() == whole.damages) seen.damage.push_back({end, hole(seen, entries)});
        seen.entries += entries;
        seen.damaged_tail = {seen.entries - whole.entries, seen.damage.size() - whole.damages};
        return;
    }
    seen.entries = whole.entries;
    seen.counts = whole.counts;
    seen.damage.resize(whole.damages);
    seen.unfinished = tail.what == Tail::What::unfinished && !had_seal;
    if (had_seal && !is_torn(disk, file, whole, seen))
        seen.damage.push_back({whole.bytes, "the seal does not validate"});
}

void look_at_entries(Disk& disk, const std::shared_ptr<const File>& file, Inspected& seen) {
    SegmentScan scan(disk, file, *seen.header);
    Whole whole{.damages = seen.damage.size()};
    std::uint64_t end = header_bytes;  // of what validates so far
    auto what = SegmentScan::What::entry;
    while ((what = scan.next(seen.bytes)) != SegmentScan::What::end || scan.seal()) {
        if (what == SegmentScan::What::retry) continue;
        const std::uint64_t entries = scan.head().ordinal - seen.entries;
        if (entries > 0 || scan.end_offset() - entry_bytes(scan.head().length) != end)
            seen.damage.push_back({end, hole(seen, entries)});
        seen.entries += entries;
        end = scan.end_offset();
        seen.sealed = scan.seal().has_value();
        if (seen.sealed) break;
        ++seen.entries;
        ++seen.counts[scan.head().kind];
        if (scan.head().last_of_batch) whole = {seen.entries, end, seen.counts, seen.damage.size()};
    }
    if (!seen.sealed) return look_at_tail(disk, *file, whole, end, seen);
    for (std::size_t kind = 0; kind < seen.counts.size(); ++kind)
        seen.counts[kind] = (*scan.seal())[kind] - seen.header->before[kind];
}

}  // namespace

std::optional<Inspected> inspect_segment(Disk& disk, const std::filesystem::path& path, bool verify) {
    Inspected seen;
    seen.path = path;
    auto opened = disk.open(path);
    if (!opened && opened.error() == ENOENT) return std::nullopt;
    if (!opened) {
        const bool other = opened.error() == ELOOP;
        seen.damage.push_back(
            {0, other ? "not a regular file" : "cannot be opened: " + std::generic_category().message(opened.error())});
        return seen;
    }
    const auto file = std::make_shared<const File>(std::move(*opened));
    seen.bytes = disk.size(*file).value_or(0);
    look_at_header(disk, *file, seen);
    if (seen.header && (verify || !look_at_seal(disk, *file, seen))) look_at_entries(disk, file, seen);
    return seen;
}

}  // namespace outrigger::journal
