// What disks that are tables of files in memory answer alike.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace outrigger::fuzz {

inline constexpr int first_descriptor = 1 << 30;  // no descriptor of the process: closing one does nothing

// How many bytes there were to copy.
inline std::size_t read_at(const std::vector<std::byte>& content, std::span<std::byte> into, std::uint64_t offset) {
    if (offset >= content.size()) return 0;
    const std::size_t count = std::min<std::size_t>(into.size(), content.size() - offset);
    std::copy_n(content.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
}

// The names in a folder, sorted. `files`: a map whose keys are paths.
template <class Files>
std::vector<std::string> names_in(const std::filesystem::path& folder, const Files& files,
                                  const std::set<std::filesystem::path>& folders) {
    std::vector<std::string> names;
    for (const auto& [path, file] : files)
        if (path.parent_path() == folder) names.push_back(path.filename());
    for (const auto& each : folders)
        if (each.parent_path() == folder && each != folder) names.push_back(each.filename());
    std::ranges::sort(names);
    return names;
}

}  // namespace outrigger::fuzz
