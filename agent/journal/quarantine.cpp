#include "agent/journal/quarantine.h"

#include <cerrno>

namespace outrigger::journal {
namespace {

bool has_room(Disk& disk, const std::filesystem::path& folder) {
    if (disk.make_folder(folder) != 0) return false;
    const auto names = disk.list(folder);
    return names && names->size() < quarantine_files;
}

}  // namespace

bool quarantine_link(Disk& disk, const std::filesystem::path& segment) {
    const auto folder = segment.parent_path() / "quarantine";
    if (!has_room(disk, folder)) return false;
    const int error = disk.link(segment, folder / segment.filename());
    return error == 0 || error == EEXIST;
}

bool quarantine_move(Disk& disk, const std::filesystem::path& file) {
    const auto folder = file.parent_path() / "quarantine";
    return has_room(disk, folder) && disk.rename(file, folder / file.filename()) == 0;
}

bool set_aside(Disk& disk, const Segment& segment) {
    if (segment.size > header_bytes) return quarantine_move(disk, segment.path);
    const int error = disk.remove(segment.path);
    return error == 0 || error == ENOENT;
}

}  // namespace outrigger::journal
