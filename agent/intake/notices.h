// What intake says about its house, once each time it changes: whether the socket's name leads here, and whether there
// is room for more connections. Used by the loop, on its thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "agent/intake/intake.h"

namespace outrigger::intake {

class Notices {
  public:
    explicit Notices(std::function<void(std::string)> say) : say_(std::move(say)) {}

    void socket(SocketName name);
    // `turned_away`: because the house was full, since the start; `most`: connections that there may be.
    void room(std::uint64_t turned_away, std::size_t connections, std::size_t most);

  private:
    std::function<void(std::string)> say_;
    SocketName name_ = SocketName::ours;
    std::uint64_t turned_away_ = 0;
    bool full_ = false;
};

}  // namespace outrigger::intake
