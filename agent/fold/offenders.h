// Who fills the series table: the heaviest of a stream of names, with bounded memory (Space-Saving, Metwally et al.
// 2005: a count may be too high by at most the least count in the list). The writer's thread alone.
#pragma once

#include <string_view>
#include <vector>

#include "agent/fold/snapshot.h"

namespace outrigger::fold {

class Offenders {
  public:
    static constexpr std::size_t greatest = 16;

    void add(std::string_view name, std::string_view example);
    void restore(const std::vector<Offender>& list) { list_ = list; }
    std::vector<Offender> sorted() const;  // most first

  private:
    std::vector<Offender> list_;
};

}  // namespace outrigger::fold
