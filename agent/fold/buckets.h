// The upper bounds of histogram buckets (`le`), exact: a duration of whole microseconds is compared as a whole number.
// Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace outrigger::fold {

class Buckets {
  public:
    explicit Buckets(std::vector<double> seconds);  // ascending; +Inf is understood

    std::size_t size() const { return seconds_.size() + 1; }  // +Inf included
    const std::vector<double>& seconds() const { return seconds_; }
    // The first bucket whose bound is not below the value.
    std::size_t of_microseconds(std::uint64_t duration_us) const;
    std::size_t of_value(double value) const;

  private:
    std::vector<double> seconds_;
    std::vector<std::uint64_t> microseconds_;  // the greatest whole number that is <= the bound
};

}  // namespace outrigger::fold
