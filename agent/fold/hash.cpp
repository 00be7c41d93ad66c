#include "agent/fold/hash.h"

#include <sys/random.h>

#include <cerrno>
#include <system_error>

namespace outrigger::fold {

std::uint64_t random_seed() {
    std::uint64_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != sizeof seed)
        throw std::system_error(errno, std::generic_category(), "no random bytes");
    return seed;
}

}  // namespace outrigger::fold
