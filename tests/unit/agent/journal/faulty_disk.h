// A disk that fails on purpose. Each test sets what it wants to see fail; the rest is real.
#pragma once

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>

#include "agent/journal/disk.h"

namespace outrigger::journal {

class FaultyDisk : public Disk {
  public:
    std::filesystem::path full;            // nothing can be made below this folder
    int full_code = ENOSPC;                //
    bool no_room = false;                  // nothing can be allocated anywhere
    int failing_syncs = 0;                 // the next so many files' syncs fail
    int failing_writes = 0;                // the next so many writes fail halfway
    std::size_t longest_write = SIZE_MAX;  // short writes
    int failing_reads = 0;                 // the next so many
    int failing_opens = 0;                 // the next so many, to read
    int failing_lists = 0;                 // the next so many
    int failing_code = EIO;                // of the three above
    int failing_folder_syncs = 0;          // the next so many
    std::filesystem::path unopenable;      // this file, for ever
    std::uint64_t bad_page = 0;            // reads that touch this byte of a file fail, for ever; 0: none
    bool interrupted = false;              // every other call
    std::atomic<int> syncs = 0;
    std::atomic<int> folder_syncs = 0;
    std::atomic<int> allocations = 0;

    // Every call counts; this one fails, whatever it is, and so do some that follow it. 0: none.
    int failing_call = 0;
    int failing_calls = 1;
    int call_code = EIO;
    std::atomic<int> calls = 0;
    std::string failed_call;  // what it was

    int make_folder(const std::filesystem::path& folder) override {
        if (fails("make_folder")) return call_code;
        return is_full(folder) && full_code != ENOSPC ? full_code : Disk::make_folder(folder);
    }
    std::expected<File, int> create(const std::filesystem::path& path) override {
        if (fails("create")) return std::unexpected(call_code);
        if (is_full(path)) return std::unexpected(full_code);
        return Disk::create(path);
    }
    std::expected<File, int> open(const std::filesystem::path& path) override {
        if (fails("open")) return std::unexpected(call_code);
        if (take(failing_opens) || (!unopenable.empty() && path == unopenable)) return std::unexpected(failing_code);
        return Disk::open(path);
    }
    std::expected<File, int> open_to_write(const std::filesystem::path& path) override {
        if (fails("open_to_write")) return std::unexpected(call_code);
        if (is_full(path) && full_code != ENOSPC) return std::unexpected(full_code);
        return Disk::open_to_write(path);
    }
    int allocate(const File& file, std::uint64_t bytes) override {
        if (fails("allocate")) return ENOSPC;
        if (no_room) return ENOSPC;
        ++allocations;
        return Disk::allocate(file, bytes);
    }
    std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts,
                                          std::uint64_t offset) override {
        if (interrupt()) return std::unexpected(EINTR);
        iovec first = parts.front();
        if (fails("write") || (offset >= 4096 && take(failing_writes))) {
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
        if (fails("read")) return std::unexpected(call_code);
        if (take(failing_reads)) return std::unexpected(failing_code);
        if (bad_page != 0 && offset <= bad_page && bad_page < offset + into.size()) return std::unexpected(EIO);
        return Disk::read(file, into, offset);
    }
    int sync(const File& file) override {
        ++syncs;
        if (fails("sync") || take(failing_syncs)) return EIO;
        return Disk::sync(file);
    }
    int sync_folder(const std::filesystem::path& folder) override {
        ++folder_syncs;
        return fails("sync_folder") || take(failing_folder_syncs) ? EIO : Disk::sync_folder(folder);
    }
    int cut(const std::filesystem::path& path, std::uint64_t bytes) override {
        return fails("cut") ? call_code : Disk::cut(path, bytes);
    }
    int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return fails("rename") ? call_code : Disk::rename(from, to);
    }
    int replace(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return fails("replace") ? call_code : Disk::replace(from, to);
    }
    int link(const std::filesystem::path& from, const std::filesystem::path& to) override {
        return fails("link") ? call_code : Disk::link(from, to);
    }
    int remove(const std::filesystem::path& path) override { return fails("remove") ? call_code : Disk::remove(path); }
    std::expected<std::uint64_t, int> size(const File& file) override {
        if (fails("size")) return std::unexpected(call_code);
        return Disk::size(file);
    }
    bool has_name(const File& file, const std::filesystem::path& path) override {
        return !fails("has_name") && Disk::has_name(file, path);
    }
    std::expected<std::vector<std::string>, int> list(const std::filesystem::path& folder) override {
        if (fails("list")) return std::unexpected(call_code);
        if (take(failing_lists)) return std::unexpected(failing_code);
        return Disk::list(folder);
    }

  private:
    bool is_full(const std::filesystem::path& path) const {
        return !full.empty() && path.string().starts_with(full.string());
    }
    bool interrupt() { return interrupted && (interrupts_++ % 2) == 0; }
    static bool take(int& left) { return left > 0 && left-- > 0; }
    bool fails(const char* call) {
        const int number = ++calls;
        if (failing_call == 0 || number < failing_call || number - failing_call >= failing_calls) return false;
        if (number == failing_call) failed_call = call;
        return true;
    }

    int interrupts_ = 0;
};

}  // namespace outrigger::journal
