#include "agent/topology/places.h"

#include <grp.h>
#include <pwd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <expected>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>

#include "shared/error.h"
#include "shared/runtime_folder.h"

namespace outrigger::topology {
namespace {

std::string name_of_user() {
    const passwd* entry = ::getpwuid(::geteuid());
    return entry != nullptr ? entry->pw_name : "uid " + std::to_string(::geteuid());
}

std::string name_of_group(gid_t gid) {
    const group* entry = ::getgrgid(gid);
    return entry != nullptr ? entry->gr_name : std::to_string(gid);
}

// With what its owner may do about it.
void must_make(const std::expected<void, Error>& made, const std::filesystem::path& folder) {
    if (made) return;
    const std::string user = name_of_user();
    throw std::runtime_error("--socket: " + made.error().what + ": the agent's user must be able to make and write " +
                             folder.string() + " (install -d -o " + user + " " + folder.string() +
                             ", or another --socket)");
}

void must_have_rings_folder(const std::string& folder, std::optional<gid_t> group) {
    const auto made = make_rings_folder(folder, group);
    if (made) return;
    struct stat status{};
    const bool others = ::stat(folder.c_str(), &status) == 0 && status.st_uid != ::geteuid();
    const std::string user = name_of_user();
    if (others)
        throw std::runtime_error(made.error().what + ": it belongs to uid " + std::to_string(status.st_uid) +
                                 ", not to the agent's user " + user + " (remove it, or chown " + user + " " + folder +
                                 ")");
    if (group) {
        const std::string name = name_of_group(*group);
        throw std::runtime_error("--socket-group " + name + ": " + made.error().what +
                                 ": the agent's user must be a member of " + name + " (usermod -aG " + name + " " +
                                 user + ")");
    }
    throw std::runtime_error(made.error().what);
}

std::string find_socket_path() {
    const char* xdg = std::getenv("XDG_RUNTIME_DIR");
    const auto folders =
        runtime_folders(xdg == nullptr ? std::nullopt : std::optional<std::string_view>(xdg), ::getuid());
    const auto folder = find_runtime_folder(folders, ::getuid());
    if (!folder) throw std::runtime_error("--socket: " + folder.error().what);
    return *folder + "/" + std::string(socket_name);
}

std::string make_socket_folder(const std::string& path, const Say& say) {
    const auto folder = std::filesystem::absolute(path).parent_path();
    must_make(make_folder(folder, ::getuid()), folder);
    if (!on_tmpfs(folder))
        say("--socket " + path + ": not on tmpfs: rings are written to a disk there, and record() may block");
    return path;
}

}  // namespace

UnixListener open_listener(const settings::Settings& settings, const Say& say) {
    const std::string path = settings.socket ? make_socket_folder(*settings.socket, say) : find_socket_path();
    must_have_rings_folder(rings_folder(path), settings.socket_group);
    return listen_unix(path, settings.socket_mode, settings.socket_group);
}

SocketName look_after(UnixListener& listener, const settings::Settings& settings) {
    const std::string rings = rings_folder(listener.path());
    if (::access(rings.c_str(), F_OK) != 0) {
        std::ignore = make_folder(std::filesystem::path(listener.path()).parent_path(), ::getuid());
        std::ignore = make_rings_folder(rings, settings.socket_group);  // else it is tried again
    }
    return listener.look_after();
}

void allow_descriptors(const settings::Settings& settings, const Say& say) {
    constexpr rlim_t own = 128;  // journal, door, sinks
    const rlim_t wanted = settings.max_connections + own;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = std::min(wanted, limit.rlim_max);
    if (::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur == wanted) return;
    say("--max-connections " + std::to_string(settings.max_connections) + ": this process may open only " +
        std::to_string(limit.rlim_cur) + " files (raise its hard limit, or LimitNOFILE in systemd)");
}

journal::File lock_data_dir(const settings::Settings& settings, const Say& say) {
    auto lock = journal::lock_folder(settings.data_dir);
    if (lock) return std::move(*lock);
    if (lock.error().kind == ErrorKind::fatal) throw AlreadyOwned(lock.error().what);
    // What cannot be written at all the journal says.
    if (::access(settings.data_dir.c_str(), W_OK | X_OK) == 0)
        say("--data-dir " + settings.data_dir + ": not locked against a second agent: " + lock.error().what);
    return {};
}

}  // namespace outrigger::topology
