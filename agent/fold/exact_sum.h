// Sums of an app's own numbers: whole numbers are added exactly, the rest with Neumaier's compensation, so that the sum
// depends on the order of the journal alone. Pure.
#pragma once

#include <cmath>
#include <cstdint>

namespace outrigger::fold {

struct ExactSum {
    std::uint64_t whole = 0;
    double part = 0;
    double compensation = 0;
};

inline void add_to(ExactSum& sum, double value) {
    const bool is_whole = value >= 0 && value <= 0x1p53 && std::floor(value) == value;
    if (is_whole && sum.whole <= UINT64_MAX - (std::uint64_t{1} << 53)) {
        sum.whole += static_cast<std::uint64_t>(value);
        return;
    }
    const double next = sum.part + value;
    if (!std::isfinite(next)) {  // finite numbers can add up to more than a double holds: stay at the greatest
        sum.part = std::copysign(1.7976931348623157e308, next);
        return;
    }
    sum.compensation += std::abs(sum.part) >= std::abs(value) ? (sum.part - next) + value : (value - next) + sum.part;
    sum.part = next;
}

inline double value_of(const ExactSum& sum) { return static_cast<double>(sum.whole) + (sum.part + sum.compensation); }

}  // namespace outrigger::fold
