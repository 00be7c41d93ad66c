#include "shared/file_descriptor.h"

#include <sys/stat.h>

namespace outrigger {

bool has_name(int fd, const std::filesystem::path& path) {
    struct stat open{};
    struct stat named{};
    return ::fstat(fd, &open) == 0 && ::lstat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
           open.st_dev == named.st_dev;
}

}  // namespace outrigger
