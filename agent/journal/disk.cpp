#include "agent/journal/disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "shared/file_descriptor.h"

namespace outrigger::journal {
namespace {

int result(int returned) { return returned == 0 ? 0 : errno; }

std::expected<File, int> opened(int descriptor) {
    if (descriptor < 0) return std::unexpected(errno);
    return File(descriptor);
}

std::expected<File, int> open_regular(const std::filesystem::path& path, int access) {
    auto file = opened(::open(path.c_str(), access | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
    struct stat status{};
    if (file && (::fstat(file->descriptor(), &status) != 0 || !S_ISREG(status.st_mode))) return std::unexpected(ELOOP);
    return file;
}

}  // namespace

File::File(File&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
File& File::operator=(File&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}
File::~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

int Disk::make_folder(const std::filesystem::path& folder) {
    int error = result(::mkdir(folder.c_str(), 0700));
    if (error == ENOENT && folder.has_parent_path() && folder.parent_path() != folder) {
        error = make_folder(folder.parent_path());
        if (error == 0) error = result(::mkdir(folder.c_str(), 0700));
    }
    if (error == 0 && folder.has_parent_path()) (void)sync_folder(folder.parent_path());  // best effort
    return error == EEXIST ? 0 : error;
}

std::expected<File, int> Disk::create(const std::filesystem::path& path) {
    return opened(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
}

std::expected<File, int> Disk::open(const std::filesystem::path& path) { return open_regular(path, O_RDONLY); }

std::expected<File, int> Disk::open_to_write(const std::filesystem::path& path) { return open_regular(path, O_WRONLY); }

int Disk::allocate(const File& file, std::uint64_t bytes) {
    int error = EINTR;
    while (error == EINTR) error = ::posix_fallocate(file.descriptor(), 0, static_cast<off_t>(bytes));
    return error;
}

std::expected<std::size_t, int> Disk::write(const File& file, std::span<const iovec> parts, std::uint64_t offset) {
    const auto count = static_cast<int>(std::min<std::size_t>(parts.size(), IOV_MAX));
    const ssize_t written = ::pwritev(file.descriptor(), parts.data(), count, static_cast<off_t>(offset));
    if (written < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(written);
}

std::expected<std::size_t, int> Disk::read(const File& file, std::span<std::byte> into, std::uint64_t offset) {
    const ssize_t count = ::pread(file.descriptor(), into.data(), into.size(), static_cast<off_t>(offset));
    if (count < 0) return std::unexpected(errno);
    return static_cast<std::size_t>(count);
}

int Disk::sync(const File& file) { return result(::fdatasync(file.descriptor())); }

int Disk::sync_folder(const std::filesystem::path& folder) {
    const auto file = opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return file ? result(::fsync(file->descriptor())) : file.error();
}

int Disk::cut(const std::filesystem::path& path, std::uint64_t bytes) {
    const auto file = opened(::open(path.c_str(), O_WRONLY | O_NOFOLLOW | O_CLOEXEC));
    return file ? result(::ftruncate(file->descriptor(), static_cast<off_t>(bytes))) : file.error();
}

int Disk::rename(const std::filesystem::path& from, const std::filesystem::path& to) {
    struct stat status{};
    if (::lstat(to.c_str(), &status) == 0) return EEXIST;
    return result(::rename(from.c_str(), to.c_str()));
}

int Disk::replace(const std::filesystem::path& from, const std::filesystem::path& to) {
    return result(::rename(from.c_str(), to.c_str()));
}

int Disk::link(const std::filesystem::path& from, const std::filesystem::path& to) {
    return result(::link(from.c_str(), to.c_str()));
}

int Disk::remove(const std::filesystem::path& path) { return result(::unlink(path.c_str())); }

std::expected<std::uint64_t, int> Disk::size(const File& file) {
    struct stat status{};
    if (::fstat(file.descriptor(), &status) != 0) return std::unexpected(errno);
    return static_cast<std::uint64_t>(status.st_size);
}

bool Disk::has_name(const File& file, const std::filesystem::path& path) {
    return outrigger::has_name(file.descriptor(), path);
}

std::expected<std::vector<std::string>, int> Disk::list(const std::filesystem::path& folder) {
    DIR* stream = ::opendir(folder.c_str());
    if (stream == nullptr) return std::unexpected(errno);
    std::vector<std::string> names;
    int error = 0;
    while (true) {
        errno = 0;
        const dirent* entry = ::readdir(stream);
        if (entry == nullptr) {
            error = errno;
            break;
        }
        names.emplace_back(entry->d_name);
    }
    ::closedir(stream);
    if (error != 0) return std::unexpected(error);
    std::erase_if(names, [](const std::string& name) { return name == "." || name == ".."; });
    std::ranges::sort(names);
    return names;
}

int write_all(Disk& disk, const File& file, std::span<iovec> parts, std::uint64_t offset) {
    while (!parts.empty()) {
        const auto written = disk.write(file, parts, offset);
        if (!written && written.error() == EINTR) continue;
        if (!written) return written.error();
        if (*written == 0) return EIO;
        offset += *written;
        std::size_t left = *written;
        while (!parts.empty() && left >= parts.front().iov_len) {
            left -= parts.front().iov_len;
            parts = parts.subspan(1);
        }
        if (left > 0) {
            parts.front().iov_base = static_cast<std::byte*>(parts.front().iov_base) + left;
            parts.front().iov_len -= left;
        }
    }
    return 0;
}

int write_all(Disk& disk, const File& file, Bytes bytes, std::uint64_t offset) {
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};  // NOLINT: iovec serves readers too
    return write_all(disk, file, {&part, 1}, offset);
}

std::expected<std::size_t, int> read_all(Disk& disk, const File& file, std::span<std::byte> into,
                                         std::uint64_t offset) {
    std::size_t filled = 0;
    while (filled < into.size()) {
        const auto count = disk.read(file, into.subspan(filled), offset + filled);
        if (!count && count.error() == EINTR) continue;
        if (!count) return std::unexpected(count.error());
        if (*count == 0) break;
        filled += *count;
    }
    return filled;
}

}  // namespace outrigger::journal
