// A fold with many label sets, and a thread that folds on as the journal's writer does, and says how long it was kept
// waiting.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "agent/fold/fold.h"

namespace outrigger::bench {

class BusyFold {
  public:
    explicit BusyFold(std::size_t sets);

    static constexpr std::int64_t now_us = 1'763'800'000'000'000;
    static std::string route_of(std::size_t set);
    static std::int64_t duration_us_of(std::size_t set);

    const fold::Fold& fold() const { return fold_; }
    double take_longest_wait_ms() { return longest_wait_ms_.exchange(0); }

  private:
    void write(const std::stop_token& stopped);
    void fold_one(std::size_t set);

    std::size_t sets_;
    fold::Fold fold_;
    std::vector<std::byte> record_;
    std::uint64_t position_ = 0;
    std::atomic<double> longest_wait_ms_{0};
    std::jthread writer_;
};

}  // namespace outrigger::bench
