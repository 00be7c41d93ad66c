// A spell of trouble, for the log: it begins with a first sign and is over after a minute without one, so that there
// are two lines a minute at most, however many signs. Pure.
#pragma once

#include <cstdint>

namespace outrigger::intake {

class Spell {
  public:
    enum class Turn : std::uint8_t { none, begins, ends };

    // `signs` since the last look.
    Turn look(std::uint64_t signs, std::int64_t now_us) {
        if (signs > 0) {
            const bool begins = signs_ == 0;
            signs_ += signs;
            last_us_ = now_us;
            return begins ? Turn::begins : Turn::none;
        }
        if (signs_ == 0 || (now_us - last_us_ < minute_us && now_us >= last_us_)) return Turn::none;
        ended_with_ = signs_;
        signs_ = 0;
        return Turn::ends;
    }
    std::uint64_t ended_with() const { return ended_with_; }  // signs, of the spell that is over

  private:
    static constexpr std::int64_t minute_us = std::int64_t{60} * 1'000'000;
    std::uint64_t signs_ = 0;
    std::uint64_t ended_with_ = 0;
    std::int64_t last_us_ = 0;
};

}  // namespace outrigger::intake
