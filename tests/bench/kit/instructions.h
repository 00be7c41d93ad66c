// The instructions that a program executes in user space, as valgrind counts them: the same in each run but for what
// depends on time, where CPU time drifts by a percent or two.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/integration/peers/temporary_folder.h"

namespace outrigger::bench {

class Instructions {
  public:
    static std::optional<std::string> unavailable();  // why, when there is no valgrind
    std::vector<std::string> command() const;         // goes before the program's own words
    double total() const;                             // after its end, which a signal may bring; throws without a count

  private:
    peers::TemporaryFolder folder_;
};

}  // namespace outrigger::bench
