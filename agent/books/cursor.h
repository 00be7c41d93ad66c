// What a sink has done, at one position of the journal. Written by the sink's own thread, kept in the checkpoint, read
// by the books: accepted = delivered - rewound + dropped + pending.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace outrigger::books {

// Why a sink did not deliver a request event. Closed; each sink uses some of them.
enum class SinkDrop : std::uint8_t {
    journal_full,         // the journal had to go round before the sink read it
    damaged,              // the segment that held it was damaged
    refused_by_database,  // rows: dead letters
    restart,              // statsd: a flush whose end was not seen
    unsent,               // statsd: the socket did not take it
    too_old,              // traces: beyond the age
    refused_by_agent,     // traces: 400, 413, 415
    off,                  // statsd: came while the sink was switched off
    count_,
};
std::string_view to_string(SinkDrop reason);

// Whose positions a cursor or a checkpoint tells of: random, made by the first start that finds no checkpoint, and the
// same for as long as its data directory lives. Positions of two histories cannot be compared.
using History = std::array<std::uint8_t, 16>;

struct Cursor {
    bool on = false;             // ever switched on; the rest is meaningless before
    std::uint64_t position = 0;  // the last position that is done with
    std::uint64_t base = 0;  // the journal's request count when the sink was first on: before it nothing is accepted
    std::uint64_t requests = 0;  // the journal's own request count at `position`, from segment counts
    std::uint64_t delivered = 0;
    std::uint64_t rewound = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(SinkDrop::count_)> dropped{};
    std::array<std::uint64_t, static_cast<std::size_t>(SinkDrop::count_)> dropped_metrics{};  // outside the identity

    std::uint64_t dropped_total() const {
        std::uint64_t sum = 0;
        for (const auto count : dropped) sum += count;
        return sum;
    }
};

}  // namespace outrigger::books
