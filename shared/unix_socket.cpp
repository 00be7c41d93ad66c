#include "shared/unix_socket.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace outrigger {
namespace {

constexpr int backlog = 1024;  // the kernel cuts it to net.core.somaxconn

std::string reason(int error) { return std::generic_category().message(error); }

std::runtime_error failed(std::string_view what, const std::string& path, int error) {
    return std::runtime_error("socket " + path + ": " + std::string(what) + ": " + reason(error));
}

// None when the path does not fit.
std::optional<sockaddr_un> address_of(std::string_view path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() > socket_path_bytes || path.contains('\0')) return std::nullopt;
    std::memcpy(address.sun_path, path.data(), path.size());
    return address;
}

int with_address(int (*call)(int, const sockaddr*, socklen_t), int fd, const sockaddr_un& address) {
    return call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

FileDescriptor make_socket() {
    return FileDescriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

// Held as long as the descriptor lives; the file stays, for a lock on a file that is unlinked guards nothing.
FileDescriptor lock_for(const std::string& path) {
    const std::string name = path + ".lock";
    FileDescriptor lock(::open(name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!lock) throw failed("its lock " + name + " cannot be opened", path, errno);
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
    if (errno == EWOULDBLOCK) throw AlreadyOwned("socket " + path + ": another agent is listening there");
    throw failed("its lock " + name + " cannot be taken", path, errno);
}

// What lies at the path may be replaced only when it is a socket that nobody answers.
void check_stale(const std::string& path) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return;
        throw failed("cannot be looked at", path, errno);
    }
    if (!S_ISSOCK(status.st_mode)) throw std::runtime_error("socket " + path + ": something else has this name");
    const FileDescriptor probe = make_socket();
    if (probe && with_address(::connect, probe.get(), *address_of(path)) == 0) errno = EAGAIN;
    if (errno == ECONNREFUSED) return;
    if (errno == EAGAIN || errno == EPROTOTYPE) throw AlreadyOwned("socket " + path + ": another program lives there");
    throw failed("cannot be tried", path, errno);
}

// A name in the same folder, so that the rename is atomic.
std::string temporary_name(const std::string& path) {
    std::uint32_t random = 0;
    if (::getrandom(&random, sizeof(random), 0) != sizeof(random)) throw failed("no random bytes", path, errno);
    char name[16];
    std::snprintf(name, sizeof(name), ".%08x", random);
    return path.substr(0, path.rfind('/') + 1) + name;
}

void listen_under(const std::string& name, const std::string& path, int fd, mode_t mode, std::optional<gid_t> group) {
    const auto address = address_of(name);
    if (!address) throw std::runtime_error("socket " + path + ": the name of its folder is too long");
    if (with_address(::bind, fd, *address) != 0) throw failed("cannot be made", path, errno);
    const auto check = [&](int result, std::string_view what) {
        if (result == 0) return;
        const int error = errno;
        ::unlink(name.c_str());
        throw failed(what, path, error);
    };
    if (group) check(::lchown(name.c_str(), static_cast<uid_t>(-1), *group), "its group cannot be set");
    check(::chmod(name.c_str(), mode), "its mode cannot be set");
    check(::listen(fd, backlog), "cannot be listened on");
    check(::rename(name.c_str(), path.c_str()), "cannot be renamed into place");
}

}  // namespace

UnixListener::UnixListener(FileDescriptor lock, FileDescriptor socket, std::string path, const Access& access)
    : lock_(std::move(lock)), socket_(std::move(socket)), path_(std::move(path)), access_(access) {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) != 0) return;
    device_ = status.st_dev;
    inode_ = status.st_ino;
}

UnixListener::~UnixListener() {
    if (socket_ && leads_here()) ::unlink(path_.c_str());
}

bool UnixListener::leads_here() const {
    struct stat status{};
    return ::lstat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_;
}

SocketName UnixListener::look_after() {
    struct stat status{};
    if (::lstat(path_.c_str(), &status) == 0)
        return status.st_dev == device_ && status.st_ino == inode_ ? SocketName::ours : SocketName::lost;
    if (errno != ENOENT) return SocketName::lost;
    const FileDescriptor socket = make_socket();
    if (!socket) return SocketName::lost;
    try {
        listen_under(temporary_name(path_), path_, socket.get(), access_.mode, access_.group);
    } catch (const std::runtime_error&) {
        return SocketName::lost;
    }
    if (::dup3(socket.get(), socket_.get(), O_CLOEXEC) < 0 || ::lstat(path_.c_str(), &status) != 0)
        return SocketName::lost;
    device_ = status.st_dev;
    inode_ = status.st_ino;
    return SocketName::renewed;
}

UnixListener listen_unix(const std::string& path, mode_t mode, std::optional<gid_t> group) {
    if (!address_of(path)) {
        throw std::runtime_error("socket \"" + path + "\": a path of 1 to " + std::to_string(socket_path_bytes) +
                                 " bytes is accepted, this has " + std::to_string(path.size()));
    }
    FileDescriptor lock = lock_for(path);
    check_stale(path);
    FileDescriptor socket = make_socket();
    if (!socket) throw failed("no descriptor", path, errno);
    listen_under(temporary_name(path), path, socket.get(), mode, group);
    return {std::move(lock), std::move(socket), path, {mode, group}};
}

std::expected<FileDescriptor, Error> connect_unix(std::string_view path) {
    const auto address = address_of(path);
    if (!address) return std::unexpected(Error{ErrorKind::refuse, "not a socket's path: " + std::string(path)});
    FileDescriptor socket = make_socket();
    if (!socket || with_address(::connect, socket.get(), *address) != 0) {
        const bool no_right = errno == EACCES || errno == EPERM;
        return std::unexpected(
            Error{no_right ? ErrorKind::refuse : ErrorKind::retry, std::string(path) + ": " + reason(errno)});
    }
    return socket;
}

std::expected<PeerCredentials, Error> peer_credentials(int fd) {
    ucred credentials{};
    socklen_t size = sizeof(credentials);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) {
        return std::unexpected(Error{ErrorKind::refuse, "SO_PEERCRED: " + reason(errno)});
    }
    return PeerCredentials{credentials.uid, credentials.gid, credentials.pid};
}

std::size_t ask_for_send_buffer(int fd, std::size_t bytes) {
    const auto wanted = static_cast<int>(bytes);
    if (::setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &wanted, sizeof(wanted)) != 0) {
        ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &wanted, sizeof(wanted));
    }
    int given = 0;
    socklen_t size = sizeof(given);
    if (::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &given, &size) != 0) return 0;
    return static_cast<std::size_t>(given);
}

}  // namespace outrigger
