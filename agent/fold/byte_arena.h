// Text that is kept for as long as the fold lives and never moves: series keys and rendered labels. Appended to by the
// writer's thread under the fold's lock; what was kept may be read by anybody without it.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

namespace outrigger::fold {

class ByteArena {
  public:
    std::string_view keep(std::string_view bytes);

  private:
    static constexpr std::size_t chunk_bytes = 64 * 1024;
    std::vector<std::unique_ptr<char[]>> chunks_;
    char* at_ = nullptr;
    std::size_t left_ = 0;
};

}  // namespace outrigger::fold
