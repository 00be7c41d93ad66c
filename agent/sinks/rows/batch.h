// What one transaction will store: rows already in COPY's form, the days they need, what the journal lost on the way.
// Filled from a reader; used by the rows worker's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/journal/reader.h"
#include "agent/sinks/rows/copy_row.h"
#include "agent/sinks/rows/schema.h"

namespace outrigger::rows {

struct RowPlace {
    std::uint64_t position = 0;
    std::size_t offset = 0;  // of its tuple in Batch::copy
    std::size_t length = 0;
};

struct Loss {
    std::uint64_t first = 0, last = 0;  // positions
    std::uint64_t events = 0;           // request events among them
    journal::LossReason reason = journal::LossReason::journal_full;
};

// A row that Postgres refused for what is in it.
struct Poison {
    std::string sqlstate, detail;
};

struct DeadLetter {
    std::uint64_t position = 0;
    Poison why;
    std::string event;   // as JSON
    std::string base64;  // of the record, if even that is refused
};

struct Batch {
    static constexpr std::size_t most_rows = 10'000;
    static constexpr std::size_t most_bytes = std::size_t{16} << 20;

    std::vector<char> copy;
    std::vector<RowPlace> rows;
    std::set<Day> days;
    std::vector<Loss> losses;
    std::vector<DeadLetter> dead;
    std::uint64_t to = 0;        // the last position it covers
    std::uint64_t requests = 0;  // the journal's request count there
    std::int64_t oldest_us = 0;  // arrival of its first row
    bool at_end = false;         // the journal had no more
    bool must_retry = false;     // the disk did not answer

    void clear();
    bool full(std::size_t row_limit) const {
        return rows.size() + dead.size() >= row_limit || copy.size() >= most_bytes;
    }
    bool nothing_to_store() const { return rows.empty() && losses.empty() && dead.empty(); }
    std::uint64_t lost() const;
};

// Reads on until the batch is full or the journal has no more for now. Positions in `poison` become dead letters.
void fill(Batch& batch, journal::Reader& reader, const RowContext& context,
          const std::map<std::uint64_t, Poison>& poison, std::size_t row_limit);

// The event as a person would want to find it in the dead letters.
std::string to_json(const journal::Entry& entry, const RowContext& context);

}  // namespace outrigger::rows
