// Intake without its sockets and its thread: a connection that is handed bytes in pieces, and everything that came of
// it. Time stands still, so that the same bytes make the same journal.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/journal/batch.h"
#include "agent/journal/entry.h"
#include "tests/fuzz/kit/source.h"

namespace outrigger::fuzz {

inline constexpr std::int64_t bench_now_us = 1'763'800'000'000'000;

struct BatchEntry {
    journal::Envelope envelope;
    std::vector<std::byte> payload;
};

struct Heard {
    std::vector<std::byte> batch;   // as it goes into a segment, identities included
    std::vector<std::byte> output;  // what the client is told
    std::vector<BatchEntry> entries;
    std::array<std::uint64_t, static_cast<std::size_t>(Refusal::count_)> refused{};  // counted, not journaled
    std::uint64_t lines = 0, bad_language = 0, broken_frames = 0;
    std::uint64_t first = 0, sent = 0;  // of the emitter: the first number it was to send, and the last it took
    bool greeted = false, said_bye = false, closed = false;

    std::uint64_t refused_in_all() const;
};

// What an agent that knows one emitter (id 01 02 .. 10 hex, highest number 41) makes of a client's bytes. `cuts` are
// the lengths of the pieces they come in; what is left comes whole.
Heard hear(Input stream, const std::vector<std::size_t>& cuts);

// A batch as it goes into a segment, identities included, and its entries.
std::vector<std::byte> stamped(journal::Batch& batch, std::vector<BatchEntry>& entries);
journal::RefusedRun refused_run(const BatchEntry& entry);

// The pieces that an input asks for: a count, then a byte or two for each.
std::vector<std::size_t> read_cuts(Source& source);

void expect_same(const Heard& whole, const Heard& split);
// Each line or record that came is kept or refused with its number, or counted; numbers have no holes.
void expect_balanced(const Heard& heard);

}  // namespace outrigger::fuzz
