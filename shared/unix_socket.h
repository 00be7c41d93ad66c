// Unix stream sockets: an agent's listener, an emitter's connection, and who is at the other end. No call here waits.
// Used by intake and sender, each on its own thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "shared/error.h"
#include "shared/file_descriptor.h"

namespace outrigger {

inline constexpr std::size_t socket_path_bytes = 107;  // unix(7): 108 with the terminating zero
inline constexpr std::size_t send_buffer_bytes = 1024 * 1024;

// How a name in the file system leads to our socket.
enum class SocketName : std::uint8_t {
    ours,
    renewed,  // it had gone: a new socket, under the same descriptor, is listening there now
    lost,     // something else has it, or it cannot be made again: nobody new comes in
};

// What one agent holds while it lives: the listening socket and the lock beside it. Going removes the socket's name, if
// it is still ours.
class UnixListener {
  public:
    struct Access {
        mode_t mode;
        std::optional<gid_t> group;
    };
    UnixListener(FileDescriptor lock, FileDescriptor socket, std::string path, const Access& access);
    UnixListener(UnixListener&&) = default;
    UnixListener& operator=(UnixListener&&) = delete;
    ~UnixListener();

    int fd() const { return socket_.get(); }  // non-blocking
    const std::string& path() const { return path_; }

    // Whether the name still leads here; when it was deleted, makes it again. What else has the name is left alone. The
    // folder must be there.
    SocketName look_after();

  private:
    bool leads_here() const;

    FileDescriptor lock_;
    FileDescriptor socket_;
    std::string path_;
    Access access_;
    std::uint64_t device_ = 0, inode_ = 0;  // of the name
};

// Listens at `path`, with that mode and group from the moment the name is there. A stale socket is replaced. Throws
// AlreadyOwned when an agent lives there (it holds <path>.lock), std::runtime_error for what cannot be, naming the
// path.
UnixListener listen_unix(const std::string& path, mode_t mode, std::optional<gid_t> group = std::nullopt);

// Connects, non-blocking. retry: nobody there, or its backlog is full; refuse: a path that cannot be, or a
// socket that this process's user may not write.
std::expected<FileDescriptor, Error> connect_unix(std::string_view path);

struct PeerCredentials {
    uid_t uid = 0;
    gid_t gid = 0;
    pid_t pid = 0;  // 0: in a namespace we do not see
};
std::expected<PeerCredentials, Error> peer_credentials(int fd);

// Asks for at least that much; returns what the kernel gave, by its own count. Best effort: net.core.wmem_max rules.
std::size_t ask_for_send_buffer(int fd, std::size_t bytes = send_buffer_bytes);

}  // namespace outrigger
