// The few things the journal asks of the operating system, each one call: so that a test can make any of them fail.
// Used by writer, readers, recovery and retention, from any thread; holds no state.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <expected>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "shared/record.h"

namespace outrigger::journal {

// An open descriptor, closed at the end of its life.
class File {
  public:
    File() = default;
    explicit File(int descriptor) : descriptor_(descriptor) {}
    File(File&& other) noexcept;
    File& operator=(File&& other) noexcept;
    ~File();

    int descriptor() const { return descriptor_; }
    bool is_open() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

// Errors are values of errno, 0 is success. Symbolic links are never followed; files are 0600, folders 0700.
class Disk {
  public:
    virtual ~Disk() = default;

    virtual int make_folder(const std::filesystem::path& folder);                       // and those above it, on disk
    virtual std::expected<File, int> create(const std::filesystem::path& path);         // must not exist
    virtual std::expected<File, int> open(const std::filesystem::path& path);           // a regular file, to read
    virtual std::expected<File, int> open_to_write(const std::filesystem::path& path);  // the same
    virtual int allocate(const File& file, std::uint64_t bytes);
    virtual std::expected<std::size_t, int> write(const File& file, std::span<const iovec> parts, std::uint64_t offset);
    virtual std::expected<std::size_t, int> read(const File& file, std::span<std::byte> into, std::uint64_t offset);
    virtual int sync(const File& file);
    virtual int sync_folder(const std::filesystem::path& folder);
    virtual int cut(const std::filesystem::path& path, std::uint64_t bytes);
    virtual int rename(const std::filesystem::path& from, const std::filesystem::path& to);  // EEXIST, never replaces
    virtual int replace(const std::filesystem::path& from, const std::filesystem::path& to);
    virtual int link(const std::filesystem::path& from, const std::filesystem::path& to);
    virtual int remove(const std::filesystem::path& path);
    virtual std::expected<std::uint64_t, int> size(const File& file);
    virtual bool has_name(const File& file, const std::filesystem::path& path);  // false once that is not its name
    virtual std::expected<std::vector<std::string>, int> list(const std::filesystem::path& folder);
};

// All of it, short writes and interruptions continued. `parts` is used up.
int write_all(Disk& disk, const File& file, std::span<iovec> parts, std::uint64_t offset);
int write_all(Disk& disk, const File& file, Bytes bytes, std::uint64_t offset);
// As much as there is, up to the size of `into`.
std::expected<std::size_t, int> read_all(Disk& disk, const File& file, std::span<std::byte> into, std::uint64_t offset);

}  // namespace outrigger::journal
