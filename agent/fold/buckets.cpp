#include "agent/fold/buckets.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace outrigger::fold {
namespace {

// A bound is meant as its decimal text: .1 s is 100,000 us, though .1 is no exact double.
std::uint64_t to_microseconds(double seconds) {
    const double exact = seconds * 1e6;
    if (!(exact >= 0)) return 0;
    if (exact >= 1.8e19) return UINT64_MAX;
    const double nearest = std::round(exact);
    const bool is_whole = std::abs(exact - nearest) <= nearest * 1e-12;
    return static_cast<std::uint64_t>(is_whole ? nearest : std::floor(exact));
}

}  // namespace

Buckets::Buckets(std::vector<double> seconds) : seconds_(std::move(seconds)) {
    microseconds_.reserve(seconds_.size());
    for (const double bound : seconds_) microseconds_.push_back(to_microseconds(bound));
}

std::size_t Buckets::of_microseconds(std::uint64_t duration_us) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(microseconds_, duration_us) - microseconds_.begin());
}

std::size_t Buckets::of_value(double value) const {
    return static_cast<std::size_t>(std::ranges::lower_bound(seconds_, value) - seconds_.begin());
}

}  // namespace outrigger::fold
