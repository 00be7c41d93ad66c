// A faulty disk behind a page cache: what was written is on the platter only after a sync; a sync that fails drops what
// was to be written and calls it clean, so that the next one succeeds without it, as Linux does. Names and sizes are on
// the platter at once. Outlives the journals on it.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "tests/unit/agent/journal/faulty_disk.h"
#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {

class PlatterDisk final : public FaultyDisk {
  public:
    bool dies_in_sync =
        false;                 // the process is killed in the next one that fails: nothing it asks for happens any more
    bool dead = false;         // is
    bool keeps_names = false;  // no file can be removed

    std::expected<File, int> create(const std::filesystem::path& path) override {
        if (dead) return std::unexpected(EIO);
        return FaultyDisk::create(path);
    }
    int allocate(const File& file, std::uint64_t bytes) override {
        const int error = dead ? EIO : FaultyDisk::allocate(file, bytes);
        auto& image = images_[inode(file)];
        if (error == 0) image.resize(std::max<std::size_t>(image.size(), bytes));
        return error;
    }
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override {
        if (dead) return std::unexpected(EIO);
        std::size_t bytes = 0;
        for (const auto& part : parts) bytes += part.iov_len;
        const auto written = FaultyDisk::write(file, parts, offset);
        dirty_[inode(file)].emplace_back(offset, written.value_or(bytes));
        return written;
    }
    int sync(const File& file) override {
        const auto dirty = std::exchange(dirty_[inode(file)], {});
        const int error = dead ? EIO : FaultyDisk::sync(file);
        dead = dead || (error != 0 && dies_in_sync);
        auto& image = images_[inode(file)];
        for (const auto& [offset, bytes] : dirty)
            if (error == 0) copy(file, image, offset, bytes);
        return error;
    }
    int cut(const std::filesystem::path& path, std::uint64_t bytes) override {
        const int error = dead ? EIO : FaultyDisk::cut(path, bytes);
        struct stat status{};
        if (error == 0 && ::stat(path.c_str(), &status) == 0) images_[status.st_ino].resize(bytes);
        return error;
    }
    int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return dead ? EIO : FaultyDisk::rename(from, to);
    }
    int remove(const std::filesystem::path& path) override {
        return dead || keeps_names ? EIO : FaultyDisk::remove(path);
    }

    // Every file below shows what the platter has. `blocks`: of what was not synced, some blocks of 512 bytes are there
    // all the same, by chance.
    void power_cut(const std::filesystem::path& folder, std::mt19937* blocks = nullptr) {
        if (blocks != nullptr) write_some(folder, *blocks);
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            struct stat status{};
            if (!entry.is_regular_file() || ::stat(entry.path().c_str(), &status) != 0) continue;
            write_contents(entry.path(), images_[status.st_ino]);
        }
        dirty_.clear();
        dead = dies_in_sync = false;
    }

  private:
    void write_some(const std::filesystem::path& folder, std::mt19937& random) {
        constexpr std::uint64_t block = 512;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
            struct stat status{};
            if (!entry.is_regular_file() || ::stat(entry.path().c_str(), &status) != 0) continue;
            const auto cached = contents(entry.path());
            auto& image = images_[status.st_ino];
            for (const auto& [offset, bytes] : dirty_[status.st_ino])
                for (std::uint64_t at = offset / block * block; at < offset + bytes; at += block) {
                    if (random() % 2 == 0) continue;
                    const std::uint64_t end = std::min<std::uint64_t>(at + block, cached.size());
                    image.resize(std::max<std::size_t>(image.size(), end));
                    std::copy(cached.begin() + static_cast<std::ptrdiff_t>(std::min(at, end)),
                              cached.begin() + static_cast<std::ptrdiff_t>(end),
                              image.begin() + static_cast<std::ptrdiff_t>(std::min(at, end)));
                }
        }
    }

    static ino_t inode(const File& file) {
        struct stat status{};
        ::fstat(file.descriptor(), &status);
        return status.st_ino;
    }
    // Of what the page cache has of the file. The caller's descriptor may be for writing alone.
    static void copy(const File& file, std::vector<std::byte>& image, std::uint64_t offset, std::size_t bytes) {
        const std::string name = "/proc/self/fd/" + std::to_string(file.descriptor());
        const File again(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
        image.resize(std::max<std::size_t>(image.size(), offset + bytes));
        Disk plain;
        (void)read_all(plain, again, std::span(image).subspan(offset, bytes), offset);
    }

    std::map<ino_t, std::vector<std::byte>> images_;
    std::map<ino_t, std::vector<std::pair<std::uint64_t, std::size_t>>> dirty_;
};

}  // namespace outrigger::journal
