#include "agent/sinks/statsd/account.h"

#include <algorithm>

namespace outrigger::statsd {

void Account::handled(std::span<const Piece> pieces, bool sent) {
    for (const Piece& piece : pieces) {
        const std::uint64_t sent_events = sent ? piece.events : 0;
        switch (piece.of) {
            case Piece::Of::count:
                requests_[piece.delta].rendered += piece.events;
                requests_[piece.delta].counts_sent += sent_events;
                break;
            case Piece::Of::latency:
                requests_[piece.delta].latencies_sent += sent_events;
                break;
            case Piece::Of::custom:
                unsent_metrics_ += piece.events - sent_events;
                break;
        }
    }
}

std::uint64_t Account::delivered() const {
    std::uint64_t sum = 0;
    for (const Tally& tally : requests_) sum += delivered(tally);
    return sum;
}

std::uint64_t Account::unsent() const {
    std::uint64_t sum = 0;
    for (const Tally& tally : requests_) sum += tally.rendered - delivered(tally);
    return sum;
}

}  // namespace outrigger::statsd
