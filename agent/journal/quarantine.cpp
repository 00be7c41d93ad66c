#include "agent/journal/quarantine.h"

#include <cerrno>

namespace outrigger::journal {
namespace {

constexpr const char* folder_name = "quarantine";

std::uint64_t size_of(Disk& disk, const std::filesystem::path& path) {
    const auto file = disk.open(path);
    return file ? disk.size(*file).value_or(0) : 0;
}

bool has_room(Disk& disk, const std::filesystem::path& file, std::uint64_t most_bytes) {
    const auto folder = file.parent_path() / folder_name;
    if (disk.make_folder(folder) != 0) return false;
    const auto there = list_quarantine(disk, file.parent_path());
    std::uint64_t bytes = size_of(disk, file);
    for (const auto& other : there)
        if (other.name != file.filename()) bytes += other.bytes;
    return there.size() < quarantine_files && bytes <= most_bytes;
}

void look_again(Journal::State& state, bool fallback) {
    const auto& folder = fallback ? state.settings().fallback : state.settings().folder;
    state.quarantined(fallback, list_quarantine(state.disk(), folder));
}

}  // namespace

std::uint64_t quarantine_budget(const JournalSettings& settings, bool fallback) {
    return budget(settings, fallback) / 2;
}

std::vector<Quarantined> list_quarantine(Disk& disk, const std::filesystem::path& journal_folder) {
    const auto folder = journal_folder / folder_name;
    const auto names = disk.list(folder);
    std::vector<Quarantined> there;
    if (!names) return there;
    for (const auto& name : *names) there.push_back({name, size_of(disk, folder / name)});
    return there;
}

bool quarantine_link(Disk& disk, const std::filesystem::path& segment, std::uint64_t most_bytes) {
    if (!has_room(disk, segment, most_bytes)) return false;
    const int error = disk.link(segment, segment.parent_path() / folder_name / segment.filename());
    return error == 0 || error == EEXIST;
}

bool quarantine_move(Disk& disk, const std::filesystem::path& file, std::uint64_t most_bytes) {
    return has_room(disk, file, most_bytes) &&
           disk.rename(file, file.parent_path() / folder_name / file.filename()) == 0;
}

bool set_aside(Disk& disk, const Segment& segment, std::uint64_t most_bytes) {
    if (segment.size > header_bytes) return quarantine_move(disk, segment.path, most_bytes);
    const int error = disk.remove(segment.path);
    return error == 0 || error == ENOENT;
}

void note_damage(Journal::State& state, const Segment& segment) {
    if (!state.note_damage(segment.header.id)) return;
    const auto most_bytes = quarantine_budget(state.settings(), segment.fallback);
    if (!quarantine_link(state.disk(), segment.path, most_bytes)) state.count(Op::quarantine);
    look_again(state, segment.fallback);
}

void set_aside(Journal::State& state, const Segment& segment) {
    if (!set_aside(state.disk(), segment, quarantine_budget(state.settings(), segment.fallback)))
        state.count(Op::quarantine);
    look_again(state, segment.fallback);
}

}  // namespace outrigger::journal
