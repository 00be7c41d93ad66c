#include "tests/unit/shared/emitter/memory_folder.h"

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace outrigger::test {

MemoryFolder::MemoryFolder() {
    std::string name = "/dev/shm/outrigger-unit-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
}

MemoryFolder::~MemoryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

}  // namespace outrigger::test
