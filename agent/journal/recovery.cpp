#include "agent/journal/recovery.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/journal/extent.h"
#include "agent/journal/folder_listing.h"
#include "agent/journal/patient_disk.h"
#include "agent/journal/quarantine.h"
#include "agent/journal/renewal.h"
#include "agent/journal/torn_seal.h"

namespace outrigger::journal {
namespace {

void count(Recovered& found, Op op) { ++found.errors[static_cast<std::size_t>(op)]; }

void move_to_quarantine(Disk& disk, const JournalSettings& settings, Recovered& found,
                        const std::filesystem::path& file, bool fallback) {
    if (!quarantine_move(disk, file, quarantine_budget(settings, fallback))) count(found, Op::quarantine);
}

bool follows(const Segment& after, const Segment& before) {
    return after.header.uuid == before.header.uuid || after.header.continues == before.header.uuid;
}

// By the uuid that was kept elsewhere, if one has it; else the newest. Those in the data folder first.
std::size_t newest_of_ours(const JournalSettings& settings, const std::vector<Segment>& segments) {
    for (const bool known : {true, false})
        for (const bool fallback : {false, true})
            for (std::size_t index = segments.size(); index-- > 0;) {
                const bool is_ours = !known || segments[index].header.uuid == settings.uuid;
                if (is_ours && segments[index].fallback == fallback) return index;
            }
    return 0;
}

std::uint64_t requests_in(Disk& disk, const Segment& segment) {
    Recovered apart;  // its errors are not our journal's
    const auto extent = measure(disk, apart, segment, true);
    return extent ? requests(extent->counts) - requests(segment.header.before) : 0;
}

// Segments of another history (a folder that was not there when its journal began anew, a copied file) go to
// quarantine.
void leave_other_histories(Disk& disk, const JournalSettings& settings, Recovered& found) {
    auto& segments = found.segments;
    std::ranges::sort(segments, [](const Segment& one, const Segment& two) {
        return older(one.header, two.header) || (one.header.id == two.header.id && one.fallback < two.fallback);
    });
    if (segments.empty()) return;
    const std::size_t pivot = newest_of_ours(settings, segments);
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
            if (!twice) found.foreign_requests += requests_in(disk, segments[index]);
            move_to_quarantine(disk, settings, found, segments[index].path, segments[index].fallback);
        } else {
            kept.push_back(std::move(segments[index]));
        }
    }
    segments = std::move(kept);
}

// What an older segment holds at or beyond a newer one's first position was never kept.
void drop_superseded(Disk& disk, const JournalSettings& settings, Recovered& found) {
    std::vector<Segment> kept;
    for (auto& segment : found.segments) {
        while (!kept.empty() && kept.back().header.first >= segment.header.first) {
            const bool fallback = kept.back().fallback;
            if (!set_aside(disk, kept.back(), quarantine_budget(settings, fallback))) count(found, Op::quarantine);
            kept.pop_back();
        }
        kept.push_back(std::move(segment));
    }
    found.segments = std::move(kept);
}

void mark_damaged(Disk& disk, const JournalSettings& settings, Recovered& found, Segment& segment) {
    segment.damaged = true;
    count(found, Op::damaged);
    if (!quarantine_link(disk, segment.path, quarantine_budget(settings, segment.fallback)))
        count(found, Op::quarantine);
}

bool ends_with_torn_seal(Disk& disk, const Segment& segment, const Extent& extent) {
    const auto file = disk.open(segment.path);
    return file && is_torn_seal(disk, *file, segment.header, extent.bytes, extent.entries, extent.counts);
}

void verify_closed(Disk& disk, const JournalSettings& settings, Recovered& found, Segment& segment,
                   const Header& next) {
    const auto extent = measure(disk, found, segment, false);
    if (!extent) return;
    const bool whole = extent->missing == 0 && segment.header.first + extent->entries == next.first;
    const bool lost_its_seal = whole && !extent->sealed && segment.size - extent->bytes == seal_bytes;
    if (lost_its_seal && ends_with_torn_seal(disk, segment, *extent)) {
        count(found, Op::torn);
    } else if (extent->missing > 0 || extent->met_damage || lost_its_seal) {
        mark_damaged(disk, settings, found, segment);
    } else if (segment.header.first + extent->entries < next.first) {
        count(found, Op::missing);  // the segment behind it
    }
}

// What a killed agent wrote may not be on disk, and from now on it counts as kept.
void make_durable(Disk& disk, Recovered& found, Segment& segment, const Extent& extent) {
    const int error = write_again(disk, segment, extent.bytes);
    if (error == 0) return;
    count(found, Op::sync);
    const auto old = segment.path;
    auto anew = write_anew(disk, segment, extent, found.next_id, found.generation + 1);
    if (!anew) return count(found, anew.error().op);
    segment = std::move(*anew);
    found.next_id = segment.header.id + 1;
    found.generation = segment.header.generation;
    disk.remove(old);  // else the next start sets it aside
}

void close_last(Disk& disk, Recovered& found, const JournalSettings& settings) {
    auto& segment = found.segments.back();
    found.mark = {segment.header.first - 1, segment.header.before, 0};
    const auto extent = measure(disk, found, segment, true, settings.known);
    if (!extent) return;
    found.mark = {segment.header.first - 1 + extent->entries, extent->counts, extent->at_us};
    if (extent->missing > 0 || extent->tail == Tail::What::damaged) {
        mark_damaged(disk, settings, found, segment);
    } else if (extent->tail == Tail::What::unfinished) {
        count(found, Op::torn);
    }
    segment.readable = extent->bytes;
    if (settings.durability == Durability::fsync && !segment.fallback) make_durable(disk, found, segment, *extent);
    if (segment.size > segment.readable && disk.cut(segment.path, segment.readable) == 0)
        segment.size = segment.readable;
}

void read_segments(Disk& disk, Recovered& found, const JournalSettings& settings, std::uint64_t checkpoint_position) {
    for (std::size_t index = 0; index + 1 < found.segments.size(); ++index) {
        const auto& next = found.segments[index + 1].header;
        if (next.first > checkpoint_position) verify_closed(disk, settings, found, found.segments[index], next);
    }
    if (!found.segments.empty()) close_last(disk, found, settings);
}

}  // namespace

Recovered recover(Disk& bare, const JournalSettings& settings, std::uint64_t checkpoint_position,
                  std::uint64_t kept_position) {
    PatientDisk disk(bare);
    Recovered found;
    if (!settings.fallback.empty()) list_segments(disk, settings, true, found);
    const int error = list_segments(disk, settings, false, found);
    found.readable = error == 0;
    if (error != 0 && error != ENOENT)
        found.problem = settings.folder.string() + ": open: " + std::generic_category().message(error);
    for (const auto& segment : found.segments) found.next_id = std::max(found.next_id, segment.header.id + 1);
    leave_other_histories(disk, settings, found);
    drop_superseded(disk, settings, found);
    found.uuid = found.segments.empty() ? make_uuid() : found.segments.back().header.uuid;
    if (!found.segments.empty()) found.generation = found.segments.back().header.generation;
    read_segments(disk, found, settings, checkpoint_position);
    if (found.mark.position < std::max(checkpoint_position, kept_position)) count(found, Op::missing);
    if (!settings.fallback.empty()) found.quarantine[1] = list_quarantine(disk, settings.fallback);
    found.quarantine[0] = list_quarantine(disk, settings.folder);
    found.errors[static_cast<std::size_t>(Op::read)] += disk.asked_again();
    return found;
}

}  // namespace outrigger::journal
