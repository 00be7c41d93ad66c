// How many traces may be kept for their own sake in the second that now is. Used by the sampling decision.
#pragma once

#include <cstdint>

namespace outrigger::sampling {

class Budget {
  public:
    static constexpr unsigned each_second = 10;

    constexpr bool take(std::int64_t now_us) {
        const std::int64_t second = now_us / 1'000'000;
        if (second != second_) {
            second_ = second;
            left_ = each_second;
        }
        if (left_ == 0) return false;
        --left_;
        return true;
    }

  private:
    std::int64_t second_ = -1;
    unsigned left_ = 0;
};

}  // namespace outrigger::sampling
