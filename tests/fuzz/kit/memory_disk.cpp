#include "tests/fuzz/kit/memory_disk.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/fuzz/kit/disk_table.h"

namespace outrigger::fuzz {

MemoryDisk::MemoryDisk(const MemoryDisk& other) : Disk(), folders_(other.folders_) {
    for (const auto& [path, content] : other.files_) files_.emplace(path, std::make_shared<Content>(*content));
}

MemoryDisk::File MemoryDisk::opened(std::shared_ptr<Content> content) {
    const int descriptor = first_descriptor + static_cast<int>(open_.size());
    open_.emplace(descriptor, std::move(content));
    return File(descriptor);
}

int MemoryDisk::make_folder(const std::filesystem::path& folder) {
    folders_.insert(folder);
    return 0;
}

std::expected<MemoryDisk::File, int> MemoryDisk::create(const std::filesystem::path& path) {
    if (!folders_.contains(path.parent_path())) return std::unexpected(ENOENT);
    const auto [made, fresh] = files_.emplace(path, std::make_shared<Content>());
    if (!fresh) return std::unexpected(EEXIST);
    return opened(made->second);
}

std::expected<MemoryDisk::File, int> MemoryDisk::open(const std::filesystem::path& path) {
    const auto found = files_.find(path);
    if (found == files_.end()) return std::unexpected(folders_.contains(path) ? ELOOP : ENOENT);
    return opened(found->second);
}

int MemoryDisk::allocate(const File& file, std::uint64_t bytes) {
    Content& all = content(file);
    all.resize(std::max<std::size_t>(all.size(), bytes));
    return 0;
}

std::expected<std::size_t, int> MemoryDisk::write(const File& file, std::span<const iovec> parts,
                                                  std::uint64_t offset) {
    Content& all = content(file);
    std::size_t written = 0;
    for (const iovec& part : parts) {
        const std::size_t at = offset + written;
        all.resize(std::max(all.size(), at + part.iov_len));
        if (part.iov_len > 0) std::memcpy(all.data() + at, part.iov_base, part.iov_len);
        written += part.iov_len;
    }
    return written;
}

std::expected<std::size_t, int> MemoryDisk::read(const File& file, std::span<std::byte> into, std::uint64_t offset) {
    return read_at(content(file), into, offset);
}

int MemoryDisk::cut(const std::filesystem::path& path, std::uint64_t bytes) {
    const auto found = files_.find(path);
    if (found == files_.end()) return ENOENT;
    found->second->resize(bytes);
    return 0;
}

int MemoryDisk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    return files_.contains(to) ? EEXIST : replace(from, to);
}

int MemoryDisk::replace(const std::filesystem::path& from, const std::filesystem::path& to) {
    const auto found = files_.find(from);
    if (found == files_.end()) return ENOENT;
    const auto content = found->second;
    files_.erase(found);
    files_[to] = content;
    return 0;
}

int MemoryDisk::link(const std::filesystem::path& from, const std::filesystem::path& to) {
    const auto found = files_.find(from);
    if (found == files_.end()) return ENOENT;
    return files_.emplace(to, found->second).second ? 0 : EEXIST;
}

int MemoryDisk::remove(const std::filesystem::path& path) { return files_.erase(path) > 0 ? 0 : ENOENT; }

std::expected<std::uint64_t, int> MemoryDisk::size(const File& file) { return content(file).size(); }

bool MemoryDisk::has_name(const File& file, const std::filesystem::path& path) {
    const auto found = files_.find(path);
    return found != files_.end() && found->second.get() == &content(file);
}

std::expected<std::vector<std::string>, int> MemoryDisk::list(const std::filesystem::path& folder) {
    if (!folders_.contains(folder)) return std::unexpected(ENOENT);
    return names_in(folder, files_, folders_);
}

}  // namespace outrigger::fuzz
