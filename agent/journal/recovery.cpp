#include "agent/journal/recovery.h"

#include <algorithm>
#include <cerrno>
#include <random>
#include <system_error>
#include <utility>

#include "agent/journal/folder_listing.h"
#include "agent/journal/quarantine.h"
#include "agent/journal/scan.h"

namespace outrigger::journal {
namespace {

void count(Recovered& found, Op op) { ++found.errors[static_cast<std::size_t>(op)]; }

Uuid random_uuid() {
    std::random_device random;
    Uuid uuid{};
    for (auto& byte : uuid) byte = static_cast<std::uint8_t>(random());
    uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0f) | 0x40);  // RFC 9562, version 4
    uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3f) | 0x80);
    return uuid;
}

bool follows(const Segment& after, const Segment& before) {
    return after.header.uuid == before.header.uuid || after.header.continues == before.header.uuid;
}

// Segments of another history (a folder that was not there when its journal began anew, a copied file) are left alone:
// the history of the newest segment in the data folder is ours.
void leave_other_histories(Recovered& found) {
    auto& segments = found.segments;
    std::ranges::sort(segments, [](const Segment& one, const Segment& two) {
        return older(one.header, two.header) || (one.header.id == two.header.id && one.fallback < two.fallback);
    });
    if (segments.empty()) return;
    const auto newest = std::ranges::find(segments.rbegin(), segments.rend(), false, &Segment::fallback);
    const auto pivot =
        newest == segments.rend() ? segments.size() - 1 : static_cast<std::size_t>(segments.rend() - newest) - 1;
    std::vector<bool> ours(segments.size());
    ours[pivot] = true;
    for (std::size_t index = pivot, at = pivot; index-- > 0;)
        if (follows(segments[at], segments[index])) ours[at = index] = true;
    for (std::size_t index = pivot + 1, at = pivot; index < segments.size(); ++index)
        if (follows(segments[index], segments[at])) ours[at = index] = true;
    std::vector<Segment> kept;
    for (std::size_t index = 0; index < segments.size(); ++index) {
        const bool twice = ours[index] && !kept.empty() && kept.back().header.id == segments[index].header.id;
        if (!ours[index] || twice) {
            count(found, Op::foreign);
        } else {
            kept.push_back(std::move(segments[index]));
        }
    }
    segments = std::move(kept);
}

// What an older segment holds at or beyond a newer one's first position was never kept.
void drop_superseded(Disk& disk, Recovered& found) {
    std::vector<Segment> kept;
    for (auto& segment : found.segments) {
        while (!kept.empty() && kept.back().header.first >= segment.header.first) {
            set_aside(disk, kept.back());
            kept.pop_back();
        }
        kept.push_back(std::move(segment));
    }
    found.segments = std::move(kept);
}

void mark_damaged(Disk& disk, Recovered& found, Segment& segment) {
    segment.damaged = true;
    count(found, Op::damaged);
    if (!quarantine_link(disk, segment.path)) count(found, Op::quarantine);
}

// How far a segment can be read, holes included.
struct Extent {
    std::uint64_t entries = 0;  // ordinals up to the last batch that is whole
    std::uint64_t missing = 0;  // of these
    std::uint64_t bytes = header_bytes;
    Counts counts{};
    std::int64_t at_us = 0;
    bool sealed = false;
    bool met_damage = false;
};

std::optional<Extent> measure(Disk& disk, Recovered& found, const Segment& segment, bool sync) {
    auto opened = disk.open(segment.path);
    if (!opened) {
        count(found, Op::open);
        return std::nullopt;
    }
    const auto file = std::make_shared<const File>(std::move(*opened));
    // What a killed agent wrote may not be on disk yet; from now on it counts as kept.
    if (sync && disk.sync(*file) != 0) count(found, Op::sync);
    SegmentScan scan(disk, file, segment.header);
    Extent whole;
    whole.counts = segment.header.before;
    Extent at = whole;
    SegmentScan::What what{};
    while ((what = scan.next(segment.readable)) != SegmentScan::What::end) {
        if (what == SegmentScan::What::retry) {
            count(found, Op::read);
            continue;
        }
        const std::uint64_t hole = scan.head().ordinal - at.entries;
        at.missing += hole;
        at.counts[static_cast<std::size_t>(Kind::request)] +=
            hole;  // the most likely kind; a seal or the next header knows
        ++at.counts[scan.head().kind];
        at.entries = std::uint64_t{scan.head().ordinal} + 1;
        at.bytes = scan.end_offset();
        at.at_us = scan.head().envelope.arrival_us;
        if (scan.head().last_of_batch) whole = at;
    }
    if (scan.seal()) {
        at.missing += scan.head().ordinal - at.entries;
        at.entries = scan.head().ordinal;
        at.counts = *scan.seal();
        at.bytes = scan.end_offset();
        at.sealed = true;
        whole = at;
    }
    whole.met_damage = scan.met_damage();
    return whole;
}

void verify_closed(Disk& disk, Recovered& found, Segment& segment, const Header& next) {
    const auto extent = measure(disk, found, segment, false);
    if (!extent) return;
    if (extent->missing > 0 || extent->met_damage) {
        mark_damaged(disk, found, segment);
    } else if (segment.header.first + extent->entries < next.first) {
        count(found, Op::missing);  // the segment behind it
    }
}

void close_last(Disk& disk, Recovered& found, const JournalSettings& settings) {
    auto& segment = found.segments.back();
    found.mark = {segment.header.first - 1, segment.header.before, 0};
    const bool sync = settings.durability == Durability::fsync && !segment.fallback;
    const auto extent = measure(disk, found, segment, sync);
    if (!extent) return;
    found.mark = {segment.header.first - 1 + extent->entries, extent->counts, extent->at_us};
    if (extent->missing > 0) {
        mark_damaged(disk, found, segment);
    } else if (extent->met_damage) {
        count(found, Op::torn);
    }
    segment.readable = extent->bytes;
    if (segment.size > segment.readable && disk.cut(segment.path, segment.readable) == 0)
        segment.size = segment.readable;
}

}  // namespace

Recovered recover(Disk& disk, const JournalSettings& settings, std::uint64_t checkpoint_position) {
    Recovered found;
    if (!settings.fallback.empty()) list_segments(disk, settings.fallback, true, found);
    const int error = list_segments(disk, settings.folder, false, found);
    found.readable = error == 0;
    if (error != 0 && error != ENOENT)
        found.problem = settings.folder.string() + ": open: " + std::generic_category().message(error);
    for (const auto& segment : found.segments) found.next_id = std::max(found.next_id, segment.header.id + 1);
    leave_other_histories(found);
    drop_superseded(disk, found);
    found.uuid = found.segments.empty() ? random_uuid() : found.segments.back().header.uuid;
    if (found.segments.empty()) return found;
    found.generation = found.segments.back().header.generation;
    for (std::size_t index = 0; index + 1 < found.segments.size(); ++index) {
        const auto& next = found.segments[index + 1].header;
        if (next.first > checkpoint_position) verify_closed(disk, found, found.segments[index], next);
    }
    close_last(disk, found, settings);
    return found;
}

}  // namespace outrigger::journal
