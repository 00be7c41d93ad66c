// Exponential buckets fine enough to give values back: base 2, 32 in an octave, so that the value of a bucket is within
// 1.1 % of all that fell into it. For views that send weighted values; the fold keeps none by itself. Pure.
//
//   bucket i holds ]2^((i-1)/32), 2^(i/32)]; its value is 2 * 2^(i/32) / (1 + 2^(1/32)), as far from either end
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace outrigger::fold {

inline constexpr std::int32_t fine_in_octave = 32;

std::int32_t fine_index(double value);  // value > 0 and finite
double fine_value(std::int32_t index);

// The buckets of one series that are not empty. One thread.
class FineHistogram {
  public:
    using Bucket = std::pair<std::int32_t, std::uint64_t>;  // index, count

    void add(double value, std::uint64_t count = 1);  // zero and less count as zero
    void restore(std::uint64_t zeros, std::vector<Bucket> buckets) { zeros_ = zeros, buckets_ = std::move(buckets); }
    void clear() { zeros_ = 0, buckets_.clear(); }
    std::uint64_t zeros() const { return zeros_; }
    const std::vector<Bucket>& buckets() const { return buckets_; }  // by index

  private:
    std::uint64_t zeros_ = 0;
    std::vector<Bucket> buckets_;
};

}  // namespace outrigger::fold
