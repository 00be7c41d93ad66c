// Exponential buckets fine enough to give values back: base 2, 32 in an octave, so that the value of a bucket is within
// 1.1 % of all that fell into it. For views that send weighted values; the fold keeps none by itself. Pure.
//
//   bucket i holds ]2^((i-1)/32), 2^(i/32)]; its value is 2 * 2^(i/32) / (1 + 2^(1/32)), as far from either end
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace outrigger::fold {

inline constexpr std::int32_t fine_in_octave = 32;
// What histograms tell apart: 2^-40 to 2^60. Values beyond are counted in the outermost bucket.
inline constexpr std::int32_t least_fine_index = -40 * fine_in_octave;
inline constexpr std::int32_t greatest_fine_index = 60 * fine_in_octave;

std::int32_t fine_index(double value);  // value > 0 and finite
double fine_value(std::int32_t index);

// Memory that many histograms take together. The first octave of each comes beside it: their number is bounded
// elsewhere.
class FineBudget {
  public:
    explicit FineBudget(std::size_t bytes) : left_(bytes) {}

    bool take(std::size_t bytes) {
        if (bytes > left_) return false;
        left_ -= bytes;
        return true;
    }
    void note_coarse(std::uint64_t count) { coarse_ += count; }
    std::uint64_t coarse() const { return coarse_; }  // values that were told by another octave than theirs

  private:
    std::size_t left_;
    std::uint64_t coarse_ = 0;
};

// The buckets of one series, for those octaves that have seen a value: found without a search. One thread.
class FineHistogram {
  public:
    using Bucket = std::pair<std::int32_t, std::uint64_t>;  // index, count
    static constexpr std::size_t octave_bytes = fine_in_octave * sizeof(std::uint16_t);

    // Zero and less count as zero. When the budget is spent, a value of a new octave counts in the nearest one there
    // is; no budget is no bound.
    void add(double value, std::uint64_t count = 1, FineBudget* budget = nullptr) {
        if (value > 0) {
            add_to_bucket(fine_index(value), count, budget);
        } else {
            zeros_ += count;
        }
    }
    void add_to_bucket(std::int32_t index, std::uint64_t count, FineBudget* budget = nullptr);
    void add_zeros(std::uint64_t count) { zeros_ += count; }
    std::uint64_t zeros() const { return zeros_; }
    std::vector<Bucket> buckets() const;  // that are not empty, by index
    std::size_t octaves() const { return counts_.size() / fine_in_octave; }

  private:
    static constexpr std::uint16_t none = 0xffff;
    std::uint16_t* counts_of(std::int32_t octave);
    void carry(std::int32_t index, std::uint64_t count);
    void make_octave(std::int32_t octave);
    std::int32_t nearest_octave(std::int32_t octave) const;

    std::uint64_t zeros_ = 0;
    std::int32_t first_octave_ = 0;       // that octaves_ speaks of
    std::vector<std::uint16_t> octaves_;  // where its counts are, in octaves; none: nowhere yet
    std::vector<std::uint16_t> counts_;   // modulo 2^16: between two flushes most stay far below
    std::vector<Bucket> carries_;         // in 2^16, in no order: there are few
};

}  // namespace outrigger::fold
