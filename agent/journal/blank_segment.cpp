#include "agent/journal/blank_segment.h"

#include <cerrno>

namespace outrigger::journal {

std::expected<BlankSegment, Failure> BlankSegment::make(Disk& disk, const std::filesystem::path& path,
                                                        std::uint64_t bytes, bool durable) {
    auto file = disk.create(path);
    if (!file && file.error() == EEXIST && disk.remove(path) == 0) file = disk.create(path);
    if (!file) return std::unexpected(Failure{Op::open, file.error()});
    Failure failure{Op::open, disk.allocate(*file, bytes)};
    if (failure.code == 0 && durable) failure = {Op::sync, disk.sync(*file)};
    if (failure.code == 0) return BlankSegment{std::move(*file), path, bytes};
    disk.remove(path);
    return std::unexpected(failure);
}

}  // namespace outrigger::journal
