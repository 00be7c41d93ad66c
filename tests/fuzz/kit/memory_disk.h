// A disk that is a table of files in memory, which can be copied: thousands of damaged journals a second are opened on
// it. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "agent/journal/disk.h"

namespace outrigger::fuzz {

class MemoryDisk final : public journal::Disk {
  public:
    using Content = std::vector<std::byte>;
    using File = journal::File;

    MemoryDisk() = default;
    // What the other one has, in files of its own; what is open there is not open here.
    explicit MemoryDisk(const MemoryDisk& other);
    MemoryDisk& operator=(const MemoryDisk&) = delete;

    std::map<std::filesystem::path, std::shared_ptr<Content>>& files() { return files_; }

    int make_folder(const std::filesystem::path& folder) override;
    std::expected<File, int> create(const std::filesystem::path& path) override;
    std::expected<File, int> open(const std::filesystem::path& path) override;
    std::expected<File, int> open_to_write(const std::filesystem::path& path) override { return open(path); }
    int allocate(const File& file, std::uint64_t bytes) override;
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override;
    std::expected<std::size_t, int> read(const File& file, std::span<std::byte> into, std::uint64_t offset) override;
    int sync(const File&) override { return 0; }
    int sync_folder(const std::filesystem::path&) override { return 0; }
    int cut(const std::filesystem::path& path, std::uint64_t bytes) override;
    int rename(const std::filesystem::path& from, const std::filesystem::path& to) override;
    int replace(const std::filesystem::path& from, const std::filesystem::path& to) override;
    int link(const std::filesystem::path& from, const std::filesystem::path& to) override;
    int remove(const std::filesystem::path& path) override;
    std::expected<std::uint64_t, int> size(const File& file) override;
    bool has_name(const File& file, const std::filesystem::path& path) override;
    std::expected<std::vector<std::string>, int> list(const std::filesystem::path& folder) override;

  private:
    File opened(std::shared_ptr<Content> content);
    Content& content(const File& file) { return *open_.at(file.descriptor()); }

    std::map<std::filesystem::path, std::shared_ptr<Content>> files_;
    std::set<std::filesystem::path> folders_;
    std::map<int, std::shared_ptr<Content>> open_;
};

}  // namespace outrigger::fuzz
