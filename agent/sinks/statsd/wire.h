// The way to a StatsD receiver: datagrams over UDP or a Unix socket, never blocking. A name is looked up anew when
// something went wrong and each half minute, and of its addresses the next one is tried when one refuses; a Unix path
// is looked up at each packet: receivers that are replaced bind it anew, and a socket that stays connected would go on
// writing to the old one. The sink's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "agent/sinks/name_lookup.h"
#include "shared/file_descriptor.h"

namespace outrigger::statsd {

struct Target {
    std::string unix_path;  // empty: UDP
    std::string host;       // a name or an address, IPv6 without brackets
    std::uint16_t port = 0;
};
std::string to_text(const Target& target);

class Wire {
  public:
    using Clock = std::chrono::steady_clock;
    enum class Outcome : std::uint8_t {
        sent,  // the kernel has it
        busy,  // no room just now
        lost,  // nobody is there: problem() says why
        never  // this packet cannot be sent
    };

    // `given_up` ends a lookup before its patience does.
    explicit Wire(
        Target target, std::function<bool()> given_up = [] { return false; }, sinks::Lookup lookup = sinks::look_up);

    // Looks whether somebody may be there, and has room, without sending anything; of UDP this is not known before a
    // packet is.
    bool reach(Clock::time_point now, std::chrono::milliseconds patience);
    Outcome send(std::string_view packet, Clock::time_point now, std::chrono::milliseconds patience);

    const std::string& problem() const { return problem_; }
    std::size_t packet_limit() const { return is_unix() ? 8192 : 1432; }
    bool is_unix() const { return !target_.unix_path.empty(); }

  private:
    bool open(Clock::time_point now, std::chrono::milliseconds patience);
    bool open_unix();
    bool open_udp(std::chrono::milliseconds patience);
    Outcome send_unix(std::string_view packet);
    Outcome send_udp(std::string_view packet);
    Outcome failed(int error);
    Outcome refused(int error);

    const Target target_;
    const std::function<bool()> given_up_;
    sinks::NameLookup name_;
    std::size_t refusals_ = 0;  // which of several addresses is tried
    FileDescriptor socket_;
    Clock::time_point opened_{};
    std::string problem_;
};

}  // namespace outrigger::statsd
