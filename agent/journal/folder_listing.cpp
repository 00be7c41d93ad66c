#include "agent/journal/folder_listing.h"

#include <cerrno>

#include "agent/journal/quarantine.h"

namespace outrigger::journal {
namespace {

void count(Recovered& found, Op op) { ++found.errors[static_cast<std::size_t>(op)]; }

bool is_unfinished(std::string_view name) {
    if (!name.ends_with(unfinished_suffix)) return false;
    return name == spare_name || parse_segment_name(name.substr(0, name.size() - unfinished_suffix.size()));
}

void add_segment(Disk& disk, const JournalSettings& settings, const std::filesystem::path& path, bool fallback,
                 Recovered& found) {
    const auto file = disk.open(path);
    if (!file) return count(found, file.error() == ELOOP ? Op::foreign : Op::open);
    std::vector<std::byte> bytes(header_bytes);
    const auto filled = read_all(disk, *file, bytes, 0);
    const auto size = disk.size(*file);
    if (!filled || !size) return count(found, Op::read);
    const auto parsed = *filled == bytes.size() ? parse_header(bytes) : std::nullopt;
    if (!parsed || parsed->damaged) count(found, Op::damaged);
    if (!parsed) {
        if (!quarantine_move(disk, path, quarantine_budget(settings, fallback))) count(found, Op::quarantine);
        return;
    }
    found.segments.push_back({parsed->header, path, fallback, *size, *size, false, false});
}

}  // namespace

int list_segments(Disk& disk, const JournalSettings& settings, bool fallback, Recovered& found) {
    const auto& folder = fallback ? settings.fallback : settings.folder;
    const auto names = disk.list(folder);
    if (!names) return names.error();
    for (const auto& name : *names) {
        if (name == "quarantine") continue;
        if (parse_segment_name(name)) {
            add_segment(disk, settings, folder / name, fallback, found);
        } else if (is_unfinished(name)) {
            disk.remove(folder / name);  // a crash while it was made: nothing went in
        } else if (!fallback) {          // there, checkpoints lie beside the segments
            count(found, Op::foreign);
        }
    }
    return 0;
}

}  // namespace outrigger::journal
