#include "tests/bench/kit/affinity.h"

namespace outrigger::bench {
namespace {

void keep_to(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core), &set);
    ::sched_setaffinity(0, sizeof set, &set);
}

bool may_use(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    return ::sched_getaffinity(0, sizeof set, &set) == 0 && CPU_ISSET(static_cast<unsigned>(core), &set);
}

}  // namespace

void keep_to_first_core() {
    for (int core = 0; core < CPU_SETSIZE; ++core)
        if (may_use(core)) return keep_to(core);
}

void keep_to_last_core() {
    for (int core = CPU_SETSIZE - 1; core >= 0; --core)
        if (may_use(core)) return keep_to(core);
}

OnFirstCore::OnFirstCore() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    keep_to_first_core();
}

OnFirstCore::~OnFirstCore() { ::sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace outrigger::bench
