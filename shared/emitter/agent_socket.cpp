#include "shared/emitter/agent_socket.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "shared/unix_socket.h"

namespace outrigger {
namespace {

std::unexpected<Error> lost(const char* what) { return std::unexpected(Error{ErrorKind::retry, what}); }

}  // namespace

std::expected<AgentSocket, Error> AgentSocket::connect(const std::string& path) {
    auto socket = connect_unix(path);
    if (!socket) return std::unexpected(socket.error());
    ask_for_send_buffer(socket->get());
    return AgentSocket(std::move(*socket));
}

std::expected<std::size_t, Error> AgentSocket::send(Bytes bytes) {
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN || errno == EINTR) return 0;
    return lost("the agent takes no more");
}

std::expected<std::size_t, Error> AgentSocket::receive(std::span<std::byte> into) {
    const ssize_t received = ::recv(socket_.get(), into.data(), into.size(), 0);
    if (received > 0) return static_cast<std::size_t>(received);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
    return lost("the agent is gone");
}

}  // namespace outrigger
