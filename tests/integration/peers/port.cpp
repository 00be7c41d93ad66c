#include "tests/integration/peers/port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <random>
#include <stdexcept>

namespace outrigger::peers {
namespace {

bool can_bind(int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return bound;
}

}  // namespace

int free_port() {
    std::random_device random;
    std::uniform_int_distribution<int> range(20000, 32000);
    for (int attempt = 0; attempt < 1000; ++attempt) {
        const int port = range(random);
        if (can_bind(port)) return port;
    }
    throw std::runtime_error("no free port between 20000 and 32000 on the loopback");
}

}  // namespace outrigger::peers
