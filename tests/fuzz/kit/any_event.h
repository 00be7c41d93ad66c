// A fuzz input made an event as an app might say it, any bytes in any text, and then what the journal would hold of it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/entry.h"
#include "shared/event.h"
#include "tests/fuzz/kit/source.h"

namespace outrigger::fuzz {

inline constexpr std::int64_t arrival_us = 1'763'800'000'123'456;

// Reads events, and owns what they borrow beside the input.
class EventReader {
  public:
    explicit EventReader(Source& source) : source_(source) {}

    RequestEvent request();
    MetricEvent metric();

  private:
    std::span<const Tag> tags();
    ErrorInfo error();
    Span span();

    Source& source_;
    std::deque<std::vector<Tag>> tags_;
    std::deque<std::vector<Span>> spans_;
};

// An entry that owns what it says.
struct KeptEvent {
    journal::Envelope envelope;
    std::vector<std::byte> record;
    std::optional<Identity> identity;
    std::uint64_t position = 1;

    journal::Entry entry() const { return {position, envelope, record, identity ? &*identity : nullptr}; }
};

// The next event of the input as intake would journal it; none: it would be refused.
std::optional<KeptEvent> next_request(Source& source);
std::optional<KeptEvent> next_metric(Source& source);

// Who an emitter says it is, as a hello brings it: clean, and within its limits.
std::optional<Identity> next_identity(Source& source);

}  // namespace outrigger::fuzz
