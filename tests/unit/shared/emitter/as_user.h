// Another user for a while, in tests that run as root: for files and sockets, and back again.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

namespace outrigger::test {

inline constexpr uid_t stranger = 65'534;

inline bool is_root() { return ::geteuid() == 0; }

class AsUser {
  public:
    explicit AsUser(uid_t uid, gid_t gid) {
        if (::setegid(gid) != 0 || ::seteuid(uid) != 0) throw std::runtime_error("only root becomes another");
    }
    ~AsUser() {
        if (::seteuid(0) != 0 || ::setegid(0) != 0) std::abort();
    }
    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;
};

}  // namespace outrigger::test
