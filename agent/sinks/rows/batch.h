// What one transaction stores: tuples made from the journal's entries, and what the journal could no longer hand out.
// Buffers are kept from batch to batch. Used by the rows worker's thread; no I/O but the reader's.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/journal/reader.h"
#include "agent/sinks/rows/copy_row.h"
#include "agent/sinks/rows/schema.h"

namespace outrigger::rows {

// Positions first..last, of which `events` were requests.
struct Loss {
    std::uint64_t first = 0, last = 0, events = 0;
    books::SinkDrop reason = books::SinkDrop::journal_full;
};

class Batch {
  public:
    static constexpr std::size_t most_bytes = std::size_t{8} << 20;

    // More: it stopped after so many entries, and there may be more.
    enum class Filled : std::uint8_t { full, end, retry, more };

    // Empties it; it begins where the reader is.
    void begin(const journal::Reader& reader);
    // Reads on until it has so many rows, is full, has read so many entries, or the journal ends. May be repeated.
    Filled fill(journal::Reader& reader, const RowContext& context, std::size_t most_rows,
                std::size_t most_entries = SIZE_MAX);

    bool empty() const { return to_ == from_; }
    std::uint64_t from() const { return from_; }                 // the last position before it
    std::uint64_t to() const { return to_; }                     // its last position
    std::uint64_t requests_at_end() const { return requests_; }  // the journal's own count at to()
    std::uint64_t accepted() const;                              // request events in it: rows and lost ones
    std::int64_t oldest_us() const { return oldest_us_; }        // arrival of the first entry; 0: none was read
    std::int64_t newest_us() const { return newest_us_; }

    std::size_t rows() const { return positions_.size(); }
    std::uint64_t position(std::size_t row) const { return positions_[row]; }
    std::span<const char> tuples(std::size_t first, std::size_t end) const;  // of rows first..end-1
    const std::set<Day>& days() const { return days_; }
    const std::vector<Loss>& losses() const { return losses_; }

  private:
    void take(const journal::Entry& entry, const RowContext& context);

    std::vector<char> bytes_;
    std::vector<std::size_t> ends_;  // of each tuple in bytes_
    std::vector<std::uint64_t> positions_;
    std::set<Day> days_;
    std::vector<Loss> losses_;
    std::uint64_t from_ = 0, to_ = 0, requests_ = 0;
    std::int64_t oldest_us_ = 0, newest_us_ = 0;
};

}  // namespace outrigger::rows
