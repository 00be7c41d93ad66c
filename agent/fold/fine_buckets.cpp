#include "agent/fold/fine_buckets.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace outrigger::fold {
namespace {

// Upper bounds of one octave's buckets, for mantissas in [1/2, 1[: 2^(k/32) / 2.
const std::array<double, fine_in_octave>& bounds() {
    static const auto table = [] {
        std::array<double, fine_in_octave> out{};
        for (std::size_t k = 0; k < out.size(); ++k) out[k] = std::exp2(static_cast<double>(k) / fine_in_octave) / 2;
        return out;
    }();
    return table;
}

}  // namespace

std::int32_t fine_index(double value) {
    int exponent = 0;
    const double mantissa = std::frexp(value, &exponent);  // value = mantissa * 2^exponent
    const auto at = std::ranges::lower_bound(bounds(), mantissa) - bounds().begin();
    return (exponent - 1) * fine_in_octave + static_cast<std::int32_t>(at);
}

double fine_value(std::int32_t index) {
    static const double ratio = std::exp2(1.0 / fine_in_octave);
    return 2 * std::exp2(static_cast<double>(index) / fine_in_octave) / (1 + ratio);
}

void FineHistogram::add(double value, std::uint64_t count) {
    if (!(value > 0)) {
        zeros_ += count;
        return;
    }
    const std::int32_t index = fine_index(value);
    const auto at = std::ranges::lower_bound(buckets_, index, {}, &Bucket::first);
    if (at != buckets_.end() && at->first == index) {
        at->second += count;
    } else {
        buckets_.insert(at, {index, count});
    }
}

}  // namespace outrigger::fold
