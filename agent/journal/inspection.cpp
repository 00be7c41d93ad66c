#include "agent/journal/inspection.h"

#include <algorithm>
#include <cerrno>
#include <numeric>
#include <system_error>

#include "agent/journal/segment.h"
#include "agent/journal/segment_inspection.h"

namespace outrigger::journal {
namespace {

bool is_being_made(std::string_view name) { return name.ends_with(unfinished_suffix); }

void look_at_folder(Disk& disk, const std::filesystem::path& folder, bool fallback, bool verify, Inspection& found) {
    const auto names = disk.list(folder);
    if (!names && names.error() != ENOENT)
        found.errors.push_back(folder.string() + ": " + std::generic_category().message(names.error()));
    if (!names) return;
    const bool quarantined = folder.filename() == "quarantine";
    for (const auto& name : *names) {
        const auto path = folder / name;
        if (!quarantined && name == "quarantine") {
            look_at_folder(disk, path, fallback, verify, found);
        } else if (!quarantined && !parse_segment_name(name)) {
            if (!fallback && !is_being_made(name)) found.others.push_back(path.string());  // there: checkpoints
        } else if (auto seen = inspect_segment(disk, path, verify)) {
            seen->fallback = fallback;
            seen->quarantined = quarantined;
            found.files.push_back(std::move(*seen));
        }
    }
}

void sort(std::vector<Inspected>& files) {
    std::ranges::stable_sort(files, [](const Inspected& one, const Inspected& two) {
        if (one.quarantined != two.quarantined) return two.quarantined;
        if (!one.header || !two.header) return two.header.has_value() && !one.header;
        return older(*one.header, *two.header);
    });
}

// What an older segment holds from the first position of a newer one on was never kept.
void end_before(Inspected& file, const Header& next) {
    if (file.damaged_tail && file.last() - file.damaged_tail->entries + 1 >= next.first) {
        file.damage.resize(file.damage.size() - file.damaged_tail->damages);
        file.unfinished = true;
    }
    if (file.last() + 1 < next.first) return;
    file.entries = next.first - file.header->first;
    for (std::size_t kind = 0; kind < file.counts.size(); ++kind)
        file.counts[kind] = next.before[kind] - file.header->before[kind];
}

std::uint64_t sum(const Counts& counts) { return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}); }

// A newer segment wins over what older ones hold from its first position on.
void compare_neighbours(Inspection& found) {
    std::vector<Inspected*> kept;
    for (auto& file : found.files) {
        if (file.quarantined || !file.header) continue;
        while (!kept.empty() && kept.back()->header->first >= file.header->first) {
            kept.back()->superseded = true;
            kept.pop_back();
        }
        kept.push_back(&file);
    }
    if (kept.empty()) return;
    kept.back()->newest = true;
    for (std::size_t index = 0; index + 1 < kept.size(); ++index) {
        const Header& next = *kept[index + 1]->header;
        end_before(*kept[index], next);
        const std::uint64_t last = kept[index]->last();
        const std::uint64_t before = sum(kept[index]->header->before) + kept[index]->entries;
        if (last + 1 < next.first && sum(next.before) > before)
            found.missing.push_back({last + 1, next.first - 1, sum(next.before) - before});
    }
}

}  // namespace

bool Inspection::is_whole() const {
    const auto is_damaged = [](const Inspected& file) { return !file.quarantined && !file.damage.empty(); };
    return missing.empty() && errors.empty() && std::ranges::none_of(files, is_damaged);
}

Inspection inspect(Disk& disk, const std::filesystem::path& folder, const std::filesystem::path& fallback,
                   bool verify) {
    Inspection found;
    look_at_folder(disk, folder, false, verify, found);
    if (!fallback.empty()) look_at_folder(disk, fallback, true, verify, found);
    sort(found.files);
    compare_neighbours(found);
    return found;
}

}  // namespace outrigger::journal
