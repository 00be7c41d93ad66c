// Host name -> addresses, with a deadline and a way to give up, neither of which getaddrinfo() has. Of a resolver that
// hangs no more than one lookup waits at a time. Used by the StatsD, traces and rows sinks, each on its
// own thread.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <future>
#include <string>
#include <vector>

namespace outrigger::sinks {

struct Address {
    sockaddr_storage bytes{};
    socklen_t length = 0;

    int family() const { return bytes.ss_family; }
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&bytes); }
};
using Addresses = std::vector<Address>;                      // never empty, the best first
using LookupAnswer = std::expected<Addresses, std::string>;  // the error is for people

// What waits for a resolver: called on a thread of its own.
using Lookup = std::function<LookupAnswer(const std::string& host, std::uint16_t port)>;
LookupAnswer look_up(const std::string& host, std::uint16_t port);

class NameLookup {
  public:
    NameLookup(std::string host, std::uint16_t port, Lookup lookup = look_up);

    // An address needs no lookup. `given_up` is asked now and then while there is none.
    LookupAnswer resolve(
        std::chrono::milliseconds patience, const std::function<bool()>& given_up = [] { return false; });

  private:
    bool begin();

    const std::string host_;
    const std::uint16_t port_;
    const Lookup lookup_;
    std::future<LookupAnswer> running_;  // not valid: none is
    std::string problem_;
};

}  // namespace outrigger::sinks
