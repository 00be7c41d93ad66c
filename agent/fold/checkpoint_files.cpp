#include "agent/fold/checkpoint_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

#include "shared/file_descriptor.h"

namespace outrigger::fold {
namespace {

constexpr std::size_t least_file_bytes = 256 * 1024;
constexpr mode_t file_mode = 0600;

std::string path_of(const std::filesystem::path& folder, std::size_t slot) {
    return folder / (slot == 0 ? "checkpoint.a" : "checkpoint.b");
}

std::unexpected<Error> failed(std::string_view what, const std::string& path, int error) {
    return std::unexpected(Error{ErrorKind::retry, std::string(what) + " " + path + ": " + std::strerror(error)});
}

// Nothing: there is no such file. Empty bytes: it cannot be read.
std::optional<std::vector<std::byte>> read_file(const std::string& path) {
    const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return errno == ENOENT || errno == ENOTDIR ? std::nullopt : std::optional(std::vector<std::byte>{});
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) return std::vector<std::byte>{};
    std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pread(file.get(), bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        done += static_cast<std::size_t>(count);
    }
    bytes.resize(done);
    return bytes;
}

int write_all(int file, Bytes bytes) {
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pwrite(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        done += static_cast<std::size_t>(count);
    }
    return ::fdatasync(file) == 0 ? 0 : errno;
}

int sync_folder(const std::filesystem::path& folder) {
    const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened && ::fsync(opened.get()) == 0 ? 0 : errno;
}

// A file that is long enough already is overwritten: that needs no space on the disk.
std::expected<void, Error> write_in_place(const std::string& path, Bytes bytes, bool& fits) {
    const FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    struct stat status{};
    fits = file && ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) &&
           static_cast<std::size_t>(status.st_size) >= bytes.size();
    if (!fits) return {};
    if (const int error = write_all(file.get(), bytes); error != 0) return failed("cannot write", path, error);
    return {};
}

std::expected<void, Error> write_anew(const std::filesystem::path& folder, const std::string& path, Bytes bytes) {
    const std::string temporary = path + ".new";
    const FileDescriptor file(
        ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, file_mode));
    if (!file) return failed("cannot make", temporary, errno);
    const std::size_t wanted = bytes.size() + bytes.size() / 2;
    const std::size_t length = (wanted / least_file_bytes + 1) * least_file_bytes;
    int error = ::posix_fallocate(file.get(), 0, static_cast<off_t>(length));
    if (error == 0) error = write_all(file.get(), bytes);
    if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
    if (error == 0) error = sync_folder(folder);
    if (error == 0) return {};
    ::unlink(temporary.c_str());
    return failed("cannot write", path, error);
}

}  // namespace

CheckpointFiles::CheckpointFiles(std::filesystem::path folder, std::filesystem::path fallback)
    : places_{Place{std::move(folder), 0}, Place{std::move(fallback), 0}} {}

Checkpoint CheckpointFiles::load() {
    Checkpoint newest;
    for (Place& place : places_) {
        if (place.folder.empty()) continue;
        auto newest_here = std::tuple(std::uint64_t{0}, std::uint64_t{0});
        for (std::size_t slot = 0; slot < 2; ++slot) {
            const std::string path = path_of(place.folder, slot);
            auto bytes = read_file(path);
            if (!bytes) continue;
            auto found = decode(std::move(*bytes));
            if (!found) {
                damaged_.push_back(path);
                continue;
            }
            sequence_ = std::max(sequence_, found->sequence);
            const auto age = std::tuple(found->fold.position, found->sequence);
            if (age >= newest_here) {
                newest_here = age;
                place.next_slot = 1 - slot;
            }
            if (age >= std::tuple(newest.fold.position, newest.sequence)) newest = std::move(*found);
        }
    }
    return newest;
}

std::expected<bool, Error> CheckpointFiles::save(Checkpoint& checkpoint) {
    checkpoint.sequence = ++sequence_;
    const std::vector<std::byte> bytes = encode(checkpoint);
    const auto first = save_to(places_[0], bytes);
    if (first) return false;
    if (places_[1].folder.empty()) return std::unexpected(first.error());
    const auto second = save_to(places_[1], bytes);
    if (second) return true;
    return std::unexpected(Error{ErrorKind::retry, first.error().what + "; " + second.error().what});
}

// The slot moves on only when its file is whole, so that the newest valid one is never the one that is overwritten.
std::expected<void, Error> CheckpointFiles::save_to(Place& place, Bytes bytes) {
    const std::string path = path_of(place.folder, place.next_slot);
    std::error_code ignored;
    if (std::filesystem::create_directories(place.folder, ignored)) ::chmod(place.folder.c_str(), 0700);
    bool fits = false;
    auto written = write_in_place(path, bytes, fits);
    if (!fits) written = write_anew(place.folder, path, bytes);
    if (written) place.next_slot = 1 - place.next_slot;
    return written;
}

}  // namespace outrigger::fold
