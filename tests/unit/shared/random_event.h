// Seeded random events: any bytes in any field, lengths gathered around the limits. Used by the property tests.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "shared/event.h"

namespace outrigger::test {

// Makes events and owns what they borrow.
class RandomEvents {
  public:
    explicit RandomEvents(std::uint32_t seed) : random_(seed) {}

    RequestEvent request();
    MetricEvent metric();
    std::uint64_t number() { return random_(); }
    std::size_t below(std::size_t end) { return random_() % end; }

  private:
    bool one_in(std::size_t n) { return below(n) == 0; }
    std::string_view text(std::size_t limit);
    std::string_view pick(std::initializer_list<std::string_view> from) { return from.begin()[below(from.size())]; }
    ErrorInfo error();
    std::span<const Tag> tags(bool for_metric);
    Span span();

    std::mt19937_64 random_;
    std::deque<std::string> texts_;  // cleared at each event
    std::deque<std::vector<Tag>> tags_;
    std::vector<Span> spans_;
};

}  // namespace outrigger::test
