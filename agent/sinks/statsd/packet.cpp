#include "agent/sinks/statsd/packet.h"

namespace outrigger::statsd {

std::uint64_t Packet::repeats() const {
    std::uint64_t sum = 0;
    for (const Piece& piece : pieces) sum += piece.repeats;
    return sum;
}

void Packer::add(std::string_view lines, const Piece& piece) {
    if (!packet_.bytes.empty() && packet_.bytes.size() + 1 + lines.size() > limit_) finish();
    if (!packet_.bytes.empty()) packet_.bytes += '\n';
    packet_.bytes += lines;
    packet_.pieces.push_back(piece);
}

void Packer::finish() {
    if (packet_.bytes.empty()) return;
    send_(packet_);
    packet_.bytes.clear();
    packet_.pieces.clear();
}

}  // namespace outrigger::statsd
