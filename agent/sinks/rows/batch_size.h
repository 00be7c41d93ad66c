// How many rows a transaction may hold: halved when Postgres takes too long over them, doubled while it is quick.
// Enough is stored at once; a backlog goes in greater parts, of which each costs Postgres the same few milliseconds
// more. Pure. Used by the rows worker's thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace outrigger::rows {

class BatchSize {
  public:
    static constexpr std::size_t most = 30'000;
    static constexpr std::size_t enough = 10'000;  // worth a transaction: more is not waited for
    static constexpr std::size_t least = 1;

    std::size_t rows() const { return rows_; }
    std::size_t awaited() const { return std::min(rows_, enough); }

    void too_slow(std::size_t tried) { rows_ = std::max(std::min(rows_, tried) / 2, least); }
    // Only far from the limit: what is halved and doubled in turn is tried in vain every other time.
    void stored(std::chrono::nanoseconds took, std::chrono::nanoseconds limit) {
        if (took < limit / 8) rows_ = std::min(rows_ * 2, most);
    }

  private:
    std::size_t rows_ = most;
};

}  // namespace outrigger::rows
