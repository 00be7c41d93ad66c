// Lines -> packets of at most so many bytes, none of them split. Pure.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/sinks/statsd/lines.h"

namespace outrigger::statsd {

struct Packet {
    std::string bytes;
    std::vector<Piece> pieces;
    std::uint64_t repeats() const;  // how many values a receiver makes of it
};

class Packer {
  public:
    using Send = std::function<void(const Packet& packet)>;
    Packer(std::size_t limit, Send send) : limit_(limit), send_(std::move(send)) {}

    // What a packet has no room for begins the next one.
    void add(std::string_view lines, const Piece& piece);
    void finish();  // sends what is left

  private:
    std::size_t limit_;
    Send send_;
    Packet packet_;
};

}  // namespace outrigger::statsd
