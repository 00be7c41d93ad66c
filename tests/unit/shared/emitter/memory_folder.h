// A folder on tmpfs for one test, removed with it: sockets and rings live there.
#pragma once

#include <filesystem>
#include <string>

#include "tests/unit/shared/temporary_folder.h"

namespace outrigger::test {

class MemoryFolder {
  public:
    std::filesystem::path path() const { return folder_.path(); }
    std::string operator/(const std::string& name) const { return path() / name; }

  private:
    TemporaryFolder folder_{"/dev/shm"};
};

}  // namespace outrigger::test
