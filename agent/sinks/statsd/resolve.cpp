#include "agent/sinks/statsd/resolve.h"

#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

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

// Where the thread that looks up and the one that waits meet. A lookup cannot be called back: it belongs to both, and
// one that nobody waits for any more frees what it finds.
struct Lookup {
    std::mutex lock;
    std::condition_variable answered;
    std::optional<Answer> answer;
};

}  // namespace

Answer resolve(const std::string& host, std::uint16_t port, std::chrono::milliseconds patience) {
    const std::string service = std::to_string(port);
    if (Answer numeric = look_up(host, service, AI_NUMERICHOST)) return numeric;

    const auto lookup = std::make_shared<Lookup>();
    try {
        std::thread([lookup, host, service] {
            Answer answer = look_up(host, service, AI_ADDRCONFIG);
            const std::lock_guard guard(lookup->lock);
            lookup->answer = std::move(answer);
            lookup->answered.notify_one();
        }).detach();
    } catch (const std::system_error& error) {
        return std::unexpected(std::string("no thread to look it up: ") + error.what());
    }
    std::unique_lock guard(lookup->lock);
    if (!lookup->answered.wait_for(guard, patience, [&] { return lookup->answer.has_value(); }))
        return std::unexpected("no answer within " + std::to_string(patience.count()) + " ms");
    return std::move(*lookup->answer);
}

}  // namespace outrigger::statsd
