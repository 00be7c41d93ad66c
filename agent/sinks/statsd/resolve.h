// Host names -> addresses, with a deadline, which getaddrinfo() alone does not have. Any thread.
#pragma once

#include <netdb.h>

#include <chrono>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace outrigger::statsd {

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

// For UDP. The error is for people.
std::expected<Addresses, std::string> resolve(const std::string& host, std::uint16_t port,
                                              std::chrono::milliseconds patience);

}  // namespace outrigger::statsd
