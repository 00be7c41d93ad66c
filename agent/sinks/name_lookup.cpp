#include "agent/sinks/name_lookup.h"

#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "shared/thread_name.h"

namespace outrigger::sinks {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

LookupAnswer ask(const std::string& host, std::uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_DGRAM;  // one answer for each address, whatever it is used for
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); error != 0)
        return std::unexpected(::gai_strerror(error));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
    Addresses out;
    for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
        if (each->ai_addrlen > sizeof(sockaddr_storage)) continue;
        std::memcpy(&out.emplace_back().bytes, each->ai_addr, each->ai_addrlen);
        out.back().length = each->ai_addrlen;
    }
    if (out.empty()) return std::unexpected("it has no address");
    return out;
}

}  // namespace

LookupAnswer look_up(const std::string& host, std::uint16_t port) { return ask(host, port, AI_ADDRCONFIG); }

NameLookup::NameLookup(std::string host, std::uint16_t port, Lookup lookup)
    : host_(std::move(host)), port_(port), lookup_(std::move(lookup)) {}

// A lookup cannot be called back: one that outlives us frees what it finds. While it runs it is the one to wait for,
// also of the next call; an answer that was only late is taken then, and a failure says nothing of now.
LookupAnswer NameLookup::resolve(std::chrono::milliseconds patience, const std::function<bool()>& given_up) {
    constexpr auto look_time = 20ms;
    if (LookupAnswer numeric = ask(host_, port_, AI_NUMERICHOST)) return numeric;
    if (running_.valid() && running_.wait_for(0ms) == std::future_status::ready)
        if (LookupAnswer late = running_.get()) return late;
    if (!running_.valid() && !begin()) return std::unexpected(problem_);
    const auto deadline = Clock::now() + patience;
    while (running_.wait_for(std::clamp<Clock::duration>(deadline - Clock::now(), 0ms, look_time)) !=
           std::future_status::ready) {
        if (given_up()) return std::unexpected("stopped");
        if (Clock::now() >= deadline)
            return std::unexpected("no address within " + std::to_string(patience.count()) + " ms");
    }
    return running_.get();
}

bool NameLookup::begin() {
    auto answer = std::make_shared<std::promise<LookupAnswer>>();
    running_ = answer->get_future();
    try {
        std::thread([answer, lookup = lookup_, host = host_, port = port_] {
            name_this_thread("name-lookup");
            answer->set_value(lookup(host, port));
        }).detach();
    } catch (const std::system_error& error) {
        running_ = {};
        problem_ = std::string("no thread to look it up: ") + error.what();
    }
    return running_.valid();
}

}  // namespace outrigger::sinks
