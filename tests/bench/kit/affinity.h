// Who runs on which core, so that two processes which are measured do not meet on one: for ratios near 1.
#pragma once

namespace outrigger::bench {

// The calling thread, and those that it makes later, keep to one of the cores that they may use. With a single core
// there is nothing to choose.
void keep_to_first_core();
void keep_to_last_core();

}  // namespace outrigger::bench
