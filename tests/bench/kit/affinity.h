// Who runs on which core, so that two processes which are measured do not meet on one: for ratios near 1. With a single
// core there is nothing to choose.
#pragma once

#include <sched.h>

namespace outrigger::bench {

// The calling thread, and those that it makes later, keep to one of the cores that they may use.
void keep_to_first_core();
void keep_to_last_core();

// As long as this lives; processes and threads that are made meanwhile stay there. Then the caller may use again all
// that it might before.
class OnFirstCore {
  public:
    OnFirstCore();
    ~OnFirstCore();
    OnFirstCore(const OnFirstCore&) = delete;
    OnFirstCore& operator=(const OnFirstCore&) = delete;

  private:
    cpu_set_t before_{};
};

}  // namespace outrigger::bench
