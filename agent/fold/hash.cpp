#include "agent/fold/hash.h"

#include <random>

namespace outrigger::fold {

std::uint64_t random_seed() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
}

}  // namespace outrigger::fold
