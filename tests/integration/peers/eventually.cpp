#include "tests/integration/peers/eventually.h"

#include <exception>
#include <thread>

namespace outrigger::peers {
namespace {

bool holds_now(const std::function<bool()>& holds) {
    try {
        return holds();
    } catch (const std::exception&) {
        return false;
    }
}

}  // namespace

bool eventually(std::chrono::milliseconds deadline, const std::function<bool()>& holds) {
    const auto end = std::chrono::steady_clock::now() + deadline;
    while (!holds_now(holds)) {
        if (std::chrono::steady_clock::now() >= end) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
}

}  // namespace outrigger::peers
