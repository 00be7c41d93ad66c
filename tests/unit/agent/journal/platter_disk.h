// A disk behind a page cache: what was written is on the platter only after a sync; a sync that fails drops what was to
// be written and calls it clean, so that the next one succeeds without it, as Linux does. Names and sizes are on the
// platter at once. Outlives the journals on it.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <utility>
#include <vector>

#include "agent/journal/disk.h"
#include "tests/unit/agent/journal/fixture.h"

namespace outrigger::journal {

class PlatterDisk final : public Disk {
  public:
    int failing_syncs = 0;      // the next so many
    bool dies_with_it = false;  // the process is killed in that sync: nothing it asks for happens any more
    bool dead = false;          // is
    bool keeps_names = false;   // no file can be removed

    std::expected<File, int> create(const std::filesystem::path& path) override {
        if (dead) return std::unexpected(EIO);
        return Disk::create(path);
    }
    int allocate(const File& file, std::uint64_t bytes) override {
        auto& image = images_[inode(file)];
        image.resize(std::max<std::size_t>(image.size(), bytes));
        return dead ? EIO : Disk::allocate(file, bytes);
    }
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override {
        if (dead) return std::unexpected(EIO);
        const auto written = Disk::write(file, parts, offset);
        if (written) dirty_[inode(file)].emplace_back(offset, *written);
        return written;
    }
    int sync(const File& file) override {
        if (dead) return EIO;
        const auto dirty = std::exchange(dirty_[inode(file)], {});
        if (failing_syncs > 0) {
            --failing_syncs;
            dead = dies_with_it;
            return EIO;
        }
        auto& image = images_[inode(file)];
        for (const auto& [offset, bytes] : dirty) {
            image.resize(std::max(image.size(), offset + bytes));
            if (!reads(file, std::span(image).subspan(offset, bytes), offset)) return EIO;
        }
        return 0;
    }
    int cut(const std::filesystem::path& path, std::uint64_t bytes) override {
        if (dead) return EIO;
        struct stat status{};
        if (::stat(path.c_str(), &status) == 0) images_[status.st_ino].resize(bytes);
        return Disk::cut(path, bytes);
    }
    int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return dead ? EIO : Disk::rename(from, to);
    }
    int remove(const std::filesystem::path& path) override { return dead || keeps_names ? EIO : Disk::remove(path); }

    // Every segment there shows what the platter has.
    void power_cut(const std::filesystem::path& folder) {
        for (const auto& file : segment_files(folder)) {
            struct stat status{};
            if (::stat(file.c_str(), &status) == 0) write_contents(file, images_[status.st_ino]);
        }
        dirty_.clear();
        dead = false;
    }

  private:
    static ino_t inode(const File& file) {
        struct stat status{};
        ::fstat(file.descriptor(), &status);
        return status.st_ino;
    }
    // The caller's descriptor may be for writing alone.
    static bool reads(const File& file, std::span<std::byte> into, std::uint64_t offset) {
        const std::string name = "/proc/self/fd/" + std::to_string(file.descriptor());
        const File again(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
        Disk plain;
        const auto count = read_all(plain, again, into, offset);
        return count && *count == into.size();
    }

    std::map<ino_t, std::vector<std::byte>> images_;
    std::map<ino_t, std::vector<std::pair<std::uint64_t, std::size_t>>> dirty_;
};

}  // namespace outrigger::journal
