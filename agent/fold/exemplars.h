// The last kept trace of each bucket that has seen one, in a pool of bounded size: a series that never meets a trace
// costs four bytes. The writer's thread alone.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "agent/fold/snapshot.h"

namespace outrigger::fold {

class Exemplars {
  public:
    static constexpr std::size_t greatest = 65'536;  // about 4 MiB; beyond it only buckets that have one get newer ones

    void add_series() { heads_.push_back(none); }
    void set(const Exemplar& exemplar);
    const std::vector<Exemplar>& all() const { return pool_; }  // in no order

  private:
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    std::vector<Exemplar> pool_;
    std::vector<std::uint32_t> next_;   // of the same series, beside pool_
    std::vector<std::uint32_t> heads_;  // by series
};

// As renderers want them; done outside the lock.
void sort_exemplars(std::vector<Exemplar>& exemplars);

}  // namespace outrigger::fold
