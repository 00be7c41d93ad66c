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

// The buckets of one series, for those octaves that have seen a value: found without a search. One thread.
class FineHistogram {
  public:
    using Bucket = std::pair<std::int32_t, std::uint64_t>;  // index, count

    void add(double value, std::uint64_t count = 1) {  // zero and less count as zero
        if (value > 0) {
            add_to_bucket(fine_index(value), count);
        } else {
            zeros_ += count;
        }
    }
    void add_to_bucket(std::int32_t index, std::uint64_t count);
    void add_zeros(std::uint64_t count) { zeros_ += count; }
    std::uint64_t zeros() const { return zeros_; }
    std::vector<Bucket> buckets() const;  // that are not empty, by index

  private:
    static constexpr std::uint16_t none = 0xffff;
    std::uint64_t* make_octave(std::int32_t octave);

    std::uint64_t zeros_ = 0;
    std::int32_t first_octave_ = 0;       // that octaves_ speaks of
    std::vector<std::uint16_t> octaves_;  // where its counts are, in octaves; none: nowhere yet
    std::vector<std::uint64_t> counts_;
};

}  // namespace outrigger::fold
