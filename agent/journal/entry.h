// What the journal keeps: a payload and, beside it, an envelope with what only the agent knows. Made by intake, stamped
// with a position by the writer, read by the fold and by each reader. Live and replayed entries look the same.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "shared/protocol.h"
#include "shared/record.h"

namespace outrigger::journal {

enum class Kind : std::uint8_t { request = 1, metric, drop_total, refused, torn, identity, flush, count_ };

// How many entries of each kind; index is the Kind.
using Counts = std::array<std::uint64_t, static_cast<std::size_t>(Kind::count_)>;
constexpr std::uint64_t requests(const Counts& counts) { return counts[static_cast<std::size_t>(Kind::request)]; }
// So many requests, and of the other kinds none.
constexpr Counts requests_alone(std::uint64_t requests) {
    Counts counts{};
    counts[static_cast<std::size_t>(Kind::request)] = requests;
    return counts;
}

// Where the start of a request comes from: replay must not ask the clock again.
enum class Start : std::uint8_t {
    record,          // the record's own start_us
    before_arrival,  // it brought none: arrival - duration
    arrival,         // it brought one too far off: the arrival time, counted as cut
};

struct Envelope {
    Kind kind = Kind::request;
    Start start = Start::record;
    std::int8_t priority = 1;     // -1..2: the sampling decision
    bool kept = true;             // by that decision
    std::int8_t mechanism = 0;    // who decided: Datadog's number, -1 the caller
    std::uint32_t emitter = 0;    // handle of an identity stated in the same segment; 0: no hello, no number
    std::uint64_t number = 0;     // the emitter's number; of a run (refused, torn) its last; 0: takes none
    std::int64_t arrival_us = 0;  // UTC, microseconds since 1970
};

// When the request started, UTC in microseconds since 1970.
std::int64_t start_of(const Envelope& envelope, const RequestView& view);

struct Entry {
    std::uint64_t position = 0;
    Envelope envelope;
    Bytes payload;                       // of a request or metric: the record, as the emitter made it
    const Identity* identity = nullptr;  // of envelope.emitter; null when that is 0
};

// Payloads of the other kinds. Parsing checks the length; encoding appends.
struct DropTotal {
    DropReason reason = DropReason::other;
    std::uint64_t total = 0;  // cumulative: max-merged, never added
};
struct RefusedRun {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(Refusal::count_)> by_reason{};
};
// Numbers that will never come. Always stated, by intake: the fold never infers one from a jump in the numbers, since a
// refused run stands at the end of its batch, behind later numbers that were accepted.
enum class Missing : std::uint8_t {
    torn,  // reserved in a ring and never published: its process died in between
    gap,   // a known emitter's hello began beyond what was known of it
};
struct TornRun {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    Missing reason = Missing::torn;
};
// What the StatsD sink says of itself, so that its part of the books folds over the journal like everything else.
enum class FlushStep : std::uint8_t {
    on,     // the agent starts with the sink on; a flush of an earlier life that has no end is over
    begin,  // what came before this entry, and after the last begin, is to be sent
    end,    // all of it was handed to the kernel or given up
    off,    // the agent starts with the sink off
};
struct Flush {
    FlushStep step = FlushStep::on;
    std::uint64_t id = 0;         // of begin and end; counts up
    std::uint64_t delivered = 0;  // of end: request events
    std::uint64_t unsent = 0;
    std::uint64_t unsent_metrics = 0;  // custom metrics
};

void append(std::vector<std::byte>& out, const DropTotal& payload);
void append(std::vector<std::byte>& out, const RefusedRun& payload);
void append(std::vector<std::byte>& out, const TornRun& payload);
void append(std::vector<std::byte>& out, const Flush& payload);
void append(std::vector<std::byte>& out, const Identity& payload);  // uid and a hello frame
std::optional<DropTotal> parse_drop_total(Bytes payload);
std::optional<RefusedRun> parse_refused_run(Bytes payload);
std::optional<TornRun> parse_torn_run(Bytes payload);
std::optional<Flush> parse_flush(Bytes payload);
std::optional<Identity> parse_identity(Bytes payload);

}  // namespace outrigger::journal
