#include "agent/intake/connection.h"

#include <sys/socket.h>

#include <cerrno>

namespace outrigger::intake {

Connection::Connection(FileDescriptor socket, std::uint64_t id, std::uint32_t peer_uid)
    : fd(std::move(socket)), uid(peer_uid) {
    sender.id = id;
}

void write_output(Connection& connection) {
    auto& output = connection.output;
    std::size_t written = 0;
    while (written < output.size()) {
        const ssize_t count =
            ::send(connection.fd.get(), output.data() + written, output.size() - written, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN || errno == EWOULDBLOCK) break;
            written = output.size();
            break;
        }
        written += static_cast<std::size_t>(count);
    }
    output.erase(output.begin(), output.begin() + static_cast<std::ptrdiff_t>(written));
}

}  // namespace outrigger::intake
