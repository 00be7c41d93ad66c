#include "tests/bench/kit/as_user.h"

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>
#include <string>

namespace outrigger::bench {

AsUser::AsUser(uid_t user) {
    if (::seteuid(user) != 0) throw std::runtime_error("cannot become uid " + std::to_string(user));
}

AsUser::~AsUser() {
    if (::seteuid(::getuid()) != 0) std::abort();
}

}  // namespace outrigger::bench
