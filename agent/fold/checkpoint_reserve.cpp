#include "agent/fold/checkpoint_reserve.h"

#include <cerrno>

namespace outrigger::fold {
namespace {

constexpr const char* reserve_name = "checkpoint.reserve";

}  // namespace

std::expected<journal::File, int> take_reserve(journal::Disk& disk, const std::filesystem::path& folder,
                                               const std::filesystem::path& name, std::uint64_t bytes) {
    const auto reserve = folder / reserve_name;
    auto file = disk.open_to_write(reserve);
    if (!file) return file;
    if (disk.size(*file).value_or(0) < bytes) return std::unexpected(ENOSPC);
    if (const int error = disk.replace(reserve, name); error != 0) return std::unexpected(error);
    return file;
}

void keep_reserve(journal::Disk& disk, const std::filesystem::path& folder, std::uint64_t bytes) {
    const auto reserve = folder / reserve_name;
    if (const auto there = disk.open(reserve); there && disk.size(*there).value_or(0) >= bytes) return;
    disk.remove(reserve);
    const auto file = disk.create(reserve);
    if (file && disk.allocate(*file, bytes) != 0) disk.remove(reserve);
}

}  // namespace outrigger::fold
