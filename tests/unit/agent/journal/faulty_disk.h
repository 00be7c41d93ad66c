// A disk that fails on purpose. Each test sets what it wants to see fail; the rest is real.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>

#include "agent/journal/disk.h"

namespace outrigger::journal {

class FaultyDisk final : public Disk {
  public:
    std::filesystem::path full;            // nothing can be made below this folder
    int full_code = ENOSPC;                //
    int failing_syncs = 0;                 // the next so many files' syncs fail
    int failing_writes = 0;                // the next so many writes fail halfway
    std::size_t longest_write = SIZE_MAX;  // short writes
    int failing_reads = 0;                 // the next so many
    std::uint64_t bad_page = 0;            // reads that touch this byte of a file fail, for ever; 0: none
    bool interrupted = false;              // every other call
    std::atomic<int> syncs = 0;
    std::atomic<int> allocations = 0;

    std::expected<File, int> create(const std::filesystem::path& path) override {
        if (is_full(path)) return std::unexpected(full_code);
        return Disk::create(path);
    }
    int allocate(const File& file, std::uint64_t bytes) override {
        ++allocations;
        return Disk::allocate(file, bytes);
    }
    int make_folder(const std::filesystem::path& folder) override {
        return is_full(folder) && full_code != ENOSPC ? full_code : Disk::make_folder(folder);
    }
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override {
        if (interrupt()) return std::unexpected(EINTR);
        iovec first = parts.front();
        if (failing_writes > 0 && offset >= 4096) {
            --failing_writes;
            first.iov_len /= 2;
            (void)Disk::write(file, {&first, 1}, offset);
            return std::unexpected(EIO);
        }
        if (longest_write == SIZE_MAX) return Disk::write(file, parts, offset);
        first.iov_len = std::min(first.iov_len, longest_write);
        return Disk::write(file, {&first, 1}, offset);
    }
    std::expected<std::size_t, int> read(const File& file, std::span<std::byte> into, std::uint64_t offset) override {
        if (interrupt()) return std::unexpected(EINTR);
        if (failing_reads > 0) {
            --failing_reads;
            return std::unexpected(EIO);
        }
        if (bad_page != 0 && offset <= bad_page && bad_page < offset + into.size()) return std::unexpected(EIO);
        return Disk::read(file, into, offset);
    }
    int sync(const File& file) override {
        ++syncs;
        if (failing_syncs == 0) return Disk::sync(file);
        --failing_syncs;
        return EIO;
    }

  private:
    bool is_full(const std::filesystem::path& path) const {
        return !full.empty() && path.string().starts_with(full.string());
    }
    bool interrupt() { return interrupted && (calls_++ % 2) == 0; }

    int calls_ = 0;
};

}  // namespace outrigger::journal
