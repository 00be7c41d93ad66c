#include "agent/sinks/statsd/resolve.h"

#include <sys/socket.h>

#include <future>
#include <system_error>
#include <thread>
#include <utility>

namespace outrigger::statsd {
namespace {

using Answer = std::expected<Addresses, std::string>;

Answer look_up(const std::string& host, const std::string& service, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), service.c_str(), &hints, &found); error != 0)
        return std::unexpected(::gai_strerror(error));
    return Addresses(found);
}

}  // namespace

Answer resolve(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience) {
    const std::string service = std::to_string(port);
    if (Answer numeric = look_up(host, service, AI_NUMERICHOST)) return numeric;

    // A lookup cannot be called back: one that nobody waits for any more frees what it finds.
    std::packaged_task<Answer()> lookup([host, service] { return look_up(host, service, AI_ADDRCONFIG); });
    std::future<Answer> answer = lookup.get_future();
    try {
        std::thread(std::move(lookup)).detach();
    } catch (const std::system_error& error) {
        return std::unexpected(std::string("no thread to look it up: ") + error.what());
    }
    if (answer.wait_for(patience) != std::future_status::ready)
        return std::unexpected("no answer within " + std::to_string(patience.count()) + " ms");
    return answer.get();
}

}  // namespace outrigger::statsd
