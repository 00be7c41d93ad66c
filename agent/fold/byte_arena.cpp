#include "agent/fold/byte_arena.h"

#include <cstring>

namespace outrigger::fold {

std::string_view ByteArena::keep(std::string_view bytes) {
    if (bytes.empty()) return {};
    if (bytes.size() > left_) {
        left_ = bytes.size() > chunk_bytes ? bytes.size() : chunk_bytes;
        at_ = chunks_.emplace_back(std::make_unique_for_overwrite<char[]>(left_)).get();
    }
    char* const begin = at_;
    std::memcpy(begin, bytes.data(), bytes.size());
    at_ += bytes.size();
    left_ -= bytes.size();
    return {begin, bytes.size()};
}

}  // namespace outrigger::fold
