// A connected Unix stream socket that never makes its caller wait. Used by the sender, on its thread.
#pragma once

#include <cstddef>
#include <expected>
#include <span>
#include <string>

#include "shared/error.h"
#include "shared/file_descriptor.h"
#include "shared/record.h"

namespace outrigger {

class AgentSocket {
  public:
    [[nodiscard]] static std::expected<AgentSocket, Error> connect(const std::string& path);

    // How many bytes went, 0 when there is no room or nothing to read; an error when the connection is over.
    [[nodiscard]] std::expected<std::size_t, Error> send(Bytes bytes);
    [[nodiscard]] std::expected<std::size_t, Error> receive(std::span<std::byte> into);

  private:
    explicit AgentSocket(FileDescriptor socket) : socket_(std::move(socket)) {}

    FileDescriptor socket_;
};

}  // namespace outrigger
