// The rates that Datadog's agent answered last, by service and environment, and the board where the trace sink leaves
// them and intake finds them. Rates are immutable; the board is for any thread.
// Source: https://github.com/DataDog/datadog-agent/blob/HEAD/pkg/trace/api/responses.go (rate_by_service)
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "agent/sampling/decision.h"

namespace outrigger::sampling {

class Rates {
  public:
    // Keys as the agent writes them: "service:web,env:prod"; "service:,env:" is for all others.
    using Table = std::map<std::string, double, std::less<>>;

    Rates() = default;  // nothing was received: all are kept
    explicit Rates(Table table);

    Rate of(std::string_view service, std::string_view env) const;

  private:
    Table table_;
    Rate others_;
};

class RatesBoard {
  public:
    void put(Rates rates);
    // Grows with each put(); one atomic load.
    std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
    std::shared_ptr<const Rates> rates() const;

  private:
    std::atomic<std::uint64_t> version_{1};
    mutable std::mutex mutex_;  // guards rates_
    std::shared_ptr<const Rates> rates_ = std::make_shared<const Rates>();
};

}  // namespace outrigger::sampling
