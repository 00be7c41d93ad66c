#include "agent/journal/lock_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

namespace outrigger::journal {
namespace {

struct flock whole_file() {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

Error error_of(const std::filesystem::path& folder, int code) {
    return {ErrorKind::retry, "data directory " + folder.string() + ": " + std::generic_category().message(code)};
}

// The holder writes its pid into the file: an open-file-description lock does not tell.
std::string holder(int descriptor) {
    std::string pid(20, '\0');
    const ssize_t count = ::pread(descriptor, pid.data(), pid.size(), 0);
    pid.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    pid.resize(std::min(pid.find_first_not_of("0123456789"), pid.size()));
    return pid.empty() ? "another process" : "process " + pid;
}

}  // namespace

std::optional<std::string> folder_holder(const std::filesystem::path& folder) {
    const File file(::open((folder / "lock").c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    auto lock = whole_file();
    if (!file.is_open() || ::fcntl(file.descriptor(), F_OFD_GETLK, &lock) != 0 || lock.l_type == F_UNLCK)
        return std::nullopt;
    return holder(file.descriptor());
}

std::expected<File, Error> lock_folder(const std::filesystem::path& folder) {
    Disk disk;
    if (const int error = disk.make_folder(folder); error != 0) return std::unexpected(error_of(folder, error));
    File file(::open((folder / "lock").c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) return std::unexpected(error_of(folder, errno));
    auto lock = whole_file();
    if (::fcntl(file.descriptor(), F_OFD_SETLK, &lock) != 0) {
        if (errno != EAGAIN && errno != EACCES) return std::unexpected(error_of(folder, errno));
        return std::unexpected(Error{ErrorKind::fatal, "data directory " + folder.string() +
                                                           " belongs to another running agent (" +
                                                           holder(file.descriptor()) + ")"});
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file.descriptor(), 0) != 0 || ::pwrite(file.descriptor(), pid.data(), pid.size(), 0) < 0) {
        // A full disk: the lock holds all the same, only the pid stays unsaid.
    }
    return file;
}

}  // namespace outrigger::journal
