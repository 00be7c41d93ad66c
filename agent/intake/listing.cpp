#include "agent/intake/listing.h"

namespace outrigger::intake {

bool Listing::read(std::size_t most, const std::function<void(std::string_view name)>& show) {
    if (open_ == nullptr) open_.reset(::opendir(folder_.c_str()));
    while (open_ != nullptr) {
        if (most-- == 0) return false;
        const dirent* entry = ::readdir(open_.get());
        if (entry == nullptr) break;
        show(entry->d_name);
    }
    open_.reset();
    return true;
}

}  // namespace outrigger::intake
