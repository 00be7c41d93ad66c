#include "shared/emitter/process_page.h"

#include <sys/mman.h>

#include <cerrno>
#include <new>
#include <system_error>

namespace outrigger {

// All zero, as a child finds it, is a Content like any other.
ProcessPage::ProcessPage() {
    void* page = ::mmap(nullptr, sizeof(Content), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "memory for an emitter");
    if (::madvise(page, sizeof(Content), MADV_WIPEONFORK) != 0) {
        const int error = errno;
        ::munmap(page, sizeof(Content));
        throw std::system_error(error, std::generic_category(), "an emitter needs MADV_WIPEONFORK (Linux 4.14)");
    }
    content_ = new (page) Content{};
}

ProcessPage::~ProcessPage() { ::munmap(content_, sizeof(Content)); }

}  // namespace outrigger
