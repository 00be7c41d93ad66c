#include "shared/runtime_folder.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "shared/file_descriptor.h"

namespace outrigger {
namespace {

std::unexpected<Error> failed(const std::string& path, std::string_view what, int error) {
    return std::unexpected(
        Error{ErrorKind::refuse, path + ": " + std::string(what) + ": " + std::generic_category().message(error)});
}

std::string parent_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

std::vector<std::string> runtime_folders(std::optional<std::string_view> xdg_runtime_dir, uid_t uid) {
    std::vector<std::string> folders = {"/run/outrigger"};
    if (xdg_runtime_dir && xdg_runtime_dir->starts_with('/'))
        folders.push_back(std::string(*xdg_runtime_dir) + "/outrigger");
    folders.push_back("/dev/shm/outrigger-" + std::to_string(uid));
    return folders;
}

std::expected<void, Error> make_folder(const std::string& folder, uid_t uid) {
    if (::mkdir(folder.c_str(), 0755) == 0) {
        if (::chmod(folder.c_str(), 0755) != 0) return failed(folder, "its mode cannot be set", errno);
    } else if (errno != EEXIST) {
        return failed(folder, "cannot be made", errno);
    }
    if (!is_trusted(folder, uid)) {
        return std::unexpected(Error{ErrorKind::refuse, folder + ": is another user's, or a link"});
    }
    if (::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
        return failed(folder, "cannot be written", errno);
    }
    return {};
}

bool is_trusted(const std::string& folder, uid_t uid) {
    struct stat parent{};
    struct stat status{};
    if (::stat(parent_of(folder).c_str(), &parent) != 0) return false;
    const bool open_to_all = (parent.st_mode & S_IWOTH) != 0;
    if ((open_to_all ? ::lstat : ::stat)(folder.c_str(), &status) != 0) return false;
    return S_ISDIR(status.st_mode) && (!open_to_all || status.st_uid == uid);
}

std::expected<std::string, Error> find_runtime_folder(std::span<const std::string> folders, uid_t uid) {
    std::string why;
    for (const std::string& folder : folders) {
        const auto made = make_folder(folder, uid);
        if (made && on_tmpfs(folder)) return folder;
        why += (why.empty() ? "" : "; ") + (made ? folder + ": not on tmpfs" : made.error().what);
    }
    return std::unexpected(Error{ErrorKind::refuse, why});
}

bool on_tmpfs(const std::string& path) {
    struct statfs status{};
    return ::statfs(path.c_str(), &status) == 0 && status.f_type == TMPFS_MAGIC;
}

std::string rings_folder(std::string_view socket_path) { return std::string(socket_path) + ".rings"; }

std::expected<void, Error> make_rings_folder(const std::string& folder, std::optional<gid_t> group) {
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return failed(folder, "cannot be made", errno);
    const FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) return failed(folder, "cannot be opened", errno);
    struct stat status{};
    if (::fstat(opened.get(), &status) != 0) return failed(folder, "cannot be looked at", errno);
    if (group && *group != status.st_gid && ::fchown(opened.get(), static_cast<uid_t>(-1), *group) != 0) {
        return failed(folder, "its group cannot be set", errno);
    }
    if ((status.st_mode & 07777) != 02770 && ::fchmod(opened.get(), 02770) != 0)
        return failed(folder, "its mode cannot be set", errno);
    return {};
}

}  // namespace outrigger
