#include "agent/fold/fine_buckets.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace outrigger::fold {
namespace {

constexpr std::uint64_t mantissa_bits = (std::uint64_t{1} << 52) - 1;
constexpr int cell_bits = 8;

// One octave, [1, 2[. Its buckets are wider than a 256th, so that a cell of that width meets at most two of them.
struct Octave {
    std::array<std::uint64_t, fine_in_octave + 1> bounds{};    // upper, as mantissas
    std::array<std::uint8_t, 1 << cell_bits> first_of_cell{};  // bucket of its least mantissa

    Octave() {
        for (std::size_t k = 0; k < fine_in_octave; ++k) {
            const double bound = std::exp2(static_cast<double>(k) / fine_in_octave);
            bounds[k] = std::bit_cast<std::uint64_t>(bound) & mantissa_bits;
        }
        bounds[fine_in_octave] = mantissa_bits;
        for (std::size_t cell = 0; cell < first_of_cell.size(); ++cell) {
            const auto bucket = std::ranges::lower_bound(bounds, std::uint64_t{cell} << (52 - cell_bits));
            first_of_cell[cell] = static_cast<std::uint8_t>(bucket - bounds.begin());
        }
    }
};

const Octave octave_table;

std::int32_t octave_of(std::int32_t index) { return index >> std::countr_zero(unsigned{fine_in_octave}); }
std::size_t place_of(std::int32_t index) { return static_cast<std::size_t>(index & (fine_in_octave - 1)); }

}  // namespace

std::int32_t fine_index(double value) {
    const auto bits = std::bit_cast<std::uint64_t>(value);
    const auto exponent = static_cast<std::int32_t>(bits >> 52);
    if (exponent == 0) return fine_index(value * 0x1p64) - 64 * fine_in_octave;  // too small to be normalised
    const std::uint64_t mantissa = bits & mantissa_bits;
    const std::int32_t first = octave_table.first_of_cell[mantissa >> (52 - cell_bits)];
    const bool is_next = mantissa > octave_table.bounds[static_cast<std::size_t>(first)];
    return (exponent - 1023) * fine_in_octave + first + (is_next ? 1 : 0);
}

double fine_value(std::int32_t index) {
    static const double ratio = std::exp2(1.0 / fine_in_octave);
    return 2 * std::exp2(static_cast<double>(index) / fine_in_octave) / (1 + ratio);
}

void FineHistogram::add_to_bucket(std::int32_t index, std::uint64_t count, FineBudget* budget) {
    index = std::clamp(index, least_fine_index, greatest_fine_index);
    const std::int32_t octave = octave_of(index);
    std::uint16_t* counts = counts_of(octave);
    if (counts == nullptr) {
        if (counts_.empty() || budget == nullptr || budget->take(octave_bytes)) {
            make_octave(octave);
        } else {
            budget->note_coarse(count);
            const std::int32_t nearest = nearest_octave(octave);
            index = nearest < octave ? (nearest + 1) * fine_in_octave - 1 : nearest * fine_in_octave;
        }
        counts = counts_of(octave_of(index));
    }
    const std::uint64_t sum = counts[place_of(index)] + count;
    counts[place_of(index)] = static_cast<std::uint16_t>(sum);
    if (sum >> 16 != 0) [[unlikely]]
        carry(index, sum >> 16);
}

void FineHistogram::carry(std::int32_t index, std::uint64_t count) {
    const auto known = std::ranges::find(carries_, index, &Bucket::first);
    if (known != carries_.end())
        known->second += count;
    else
        carries_.emplace_back(index, count);
}

// Null: it has seen none.
std::uint16_t* FineHistogram::counts_of(std::int32_t octave) {
    const auto at = static_cast<std::size_t>(octave - first_octave_);
    const bool is_there = octave >= first_octave_ && at < octaves_.size() && octaves_[at] != none;
    return is_there ? &counts_[std::size_t{octaves_[at]} * fine_in_octave] : nullptr;
}

void FineHistogram::make_octave(std::int32_t octave) {
    if (octaves_.empty()) first_octave_ = octave;
    if (octave < first_octave_) {
        octaves_.insert(octaves_.begin(), static_cast<std::size_t>(first_octave_ - octave), none);
        first_octave_ = octave;
    }
    const auto at = static_cast<std::size_t>(octave - first_octave_);
    if (at >= octaves_.size()) octaves_.resize(at + 1, none);
    octaves_[at] = static_cast<std::uint16_t>(octaves());
    counts_.reserve(counts_.size() + fine_in_octave);  // no more than that: the budget counts octaves
    counts_.resize(counts_.size() + fine_in_octave);
}

// There is one.
std::int32_t FineHistogram::nearest_octave(std::int32_t octave) const {
    std::int32_t nearest = 0;
    std::int32_t distance = std::numeric_limits<std::int32_t>::max();
    for (std::size_t at = 0; at < octaves_.size(); ++at) {
        const std::int32_t each = first_octave_ + static_cast<std::int32_t>(at);
        if (octaves_[at] == none || std::abs(each - octave) >= distance) continue;
        nearest = each;
        distance = std::abs(each - octave);
    }
    return nearest;
}

std::vector<FineHistogram::Bucket> FineHistogram::buckets() const {
    std::vector<Bucket> out;
    for (std::size_t at = 0; at < octaves_.size(); ++at) {
        if (octaves_[at] == none) continue;
        const std::int32_t first = (first_octave_ + static_cast<std::int32_t>(at)) * fine_in_octave;
        const std::uint16_t* const counts = &counts_[std::size_t{octaves_[at]} * fine_in_octave];
        for (std::int32_t place = 0; place < fine_in_octave; ++place) {
            std::uint64_t count = counts[place];
            if (!carries_.empty())
                if (const auto carried = std::ranges::find(carries_, first + place, &Bucket::first);
                    carried != carries_.end())
                    count += carried->second << 16;
            if (count != 0) out.emplace_back(first + place, count);
        }
    }
    return out;
}

}  // namespace outrigger::fold
