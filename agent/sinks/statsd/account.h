// What became of a flush, for its `end` in the journal. An event is delivered when its counter and its latency both
// were handed to the kernel. Counted from the lines that were handled, not from what the fold says it gave: so a line
// that is forgotten shows in the books. Pure.
#pragma once

#include <span>
#include <vector>

#include "agent/sinks/statsd/lines.h"

namespace outrigger::statsd {

class Account {
  public:
    explicit Account(const fold::Deltas& deltas) : requests_(deltas.requests.size()) {}

    void handled(std::span<const Piece> pieces, bool sent);

    std::uint64_t delivered() const;
    std::uint64_t unsent() const;
    std::uint64_t unsent_metrics() const { return unsent_metrics_; }

  private:
    struct Tally {
        std::uint64_t rendered = 0;  // by the counter's lines
        std::uint64_t counts_sent = 0;
        std::uint64_t latencies_sent = 0;
    };
    static std::uint64_t delivered(const Tally& tally) { return std::min(tally.counts_sent, tally.latencies_sent); }

    std::vector<Tally> requests_;
    std::uint64_t unsent_metrics_ = 0;
};

}  // namespace outrigger::statsd
