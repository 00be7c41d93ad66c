// Whom an agent takes us, and the threads that we make, for: as long as this lives. For who runs as root.
#pragma once

#include <sys/types.h>

namespace outrigger::bench {

class AsUser {
  public:
    explicit AsUser(uid_t user);  // throws when we may not
    ~AsUser();
    AsUser(const AsUser&) = delete;
    AsUser& operator=(const AsUser&) = delete;
};

}  // namespace outrigger::bench
