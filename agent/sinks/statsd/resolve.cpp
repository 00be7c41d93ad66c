#include "agent/sinks/statsd/resolve.h"

#include <sys/socket.h>

namespace outrigger::statsd {
namespace {

// All that a lookup needs; the library's threads may look at it until it is done.
struct Lookup {
    std::string host, service;
    addrinfo hints{};
    gaicb request{};
};

addrinfo hints_for(int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    return hints;
}

}  // namespace

std::expected<Addresses, std::string> resolve(const std::string& host, std::uint16_t port,
                                              std::chrono::milliseconds patience) {
    const std::string service = std::to_string(port);
    addrinfo* found = nullptr;
    const addrinfo numeric = hints_for(AI_NUMERICHOST);
    if (::getaddrinfo(host.c_str(), service.c_str(), &numeric, &found) == 0) return Addresses(found);

    auto lookup = std::make_unique<Lookup>(Lookup{host, service, hints_for(AI_ADDRCONFIG), {}});
    lookup->request.ar_name = lookup->host.c_str();
    lookup->request.ar_service = lookup->service.c_str();
    lookup->request.ar_request = &lookup->hints;
    gaicb* requests[] = {&lookup->request};
    if (const int error = ::getaddrinfo_a(GAI_NOWAIT, requests, 1, nullptr); error != 0)
        return std::unexpected(::gai_strerror(error));
    const timespec deadline{patience.count() / 1000, patience.count() % 1000 * 1'000'000};
    int state = ::gai_error(&lookup->request);
    if (state == EAI_INPROGRESS) {
        ::gai_suspend(requests, 1, &deadline);
        state = ::gai_error(&lookup->request);
    }
    if (state == EAI_INPROGRESS) {
        // One that runs cannot be called back: it keeps its few bytes, and what it finds, for good.
        if (::gai_cancel(&lookup->request) != EAI_CANCELED) [[maybe_unused]]
            auto* left = lookup.release();
        return std::unexpected("no answer within " + std::to_string(patience.count()) + " ms");
    }
    if (state != 0) return std::unexpected(::gai_strerror(state));
    return Addresses(lookup->request.ar_result);
}

}  // namespace outrigger::statsd
