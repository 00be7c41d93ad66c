#include "tests/integration/peers/temporary_folder.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <system_error>

namespace outrigger::peers {
namespace {

std::string parent_of(TemporaryFolder::Place place) {
    if (place == TemporaryFolder::Place::memory) return "/dev/shm";
    const char* chosen = std::getenv("TMPDIR");
    return chosen != nullptr && *chosen != '\0' ? chosen : "/tmp";
}

}  // namespace

TemporaryFolder::TemporaryFolder(Place place) {
    std::string name = parent_of(place) + "/outrigger-test-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error(errno, std::generic_category(), name);
    path_ = name;
    std::filesystem::permissions(path_, std::filesystem::perms{0755});
}

TemporaryFolder::~TemporaryFolder() {
    if (std::getenv("KEEP_TEST_FOLDERS") != nullptr) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void TemporaryFolder::give_to(const User& user) const {
    if (::chown(path_.c_str(), user.uid, user.gid) != 0) throw std::system_error(errno, std::generic_category(), path_);
}

}  // namespace outrigger::peers
