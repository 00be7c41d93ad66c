// Where the tables say that something went: the ranges of outrigger_drops and the dead letters, by position. What is
// missing must have lain in one, and no row may.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/integration/peers/postgres_cluster.h"

namespace outrigger::faults {

class Losses {
  public:
    explicit Losses(const peers::PostgresCluster& cluster);

    // Events of an agent that went between two positions, neither of which lies in a range.
    std::uint64_t between(long agent, long after, long before) const;

    // Rows and dead letters that lie where something was dropped, or in both tables: none may. The second for people.
    std::uint64_t contradictions() const { return contradictions_; }
    const std::string& example() const { return example_; }

  private:
    struct Gone {
        long first;
        std::uint64_t events;  // of this and all before it
    };
    std::uint64_t before(long agent, long position) const;

    std::map<long, std::vector<Gone>> gone_;  // by agent; by position
    std::uint64_t contradictions_ = 0;
    std::string example_;
};

}  // namespace outrigger::faults
