// One checkpoint: the fold at one position, and what the sinks must remember beside it. Two alternating files in the
// data directory, or in the fallback beside the socket. A cursor may be ahead of the fold's position (a sink reads what
// is kept, too) or behind it; replay of the fold starts after `fold.position`, each sink's reader after its own cursor,
// and the journal needs to keep what lies after the least of them only for as long as its size allows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/fold/snapshot.h"
#include "shared/record.h"

namespace outrigger::fold {

struct Checkpoint {
    std::uint64_t sequence = 0;                    // grows by one with each that is written
    books::History history{};                      // whose positions these are
    Snapshot fold;                                 // after loading it borrows from `labels` and `text`
    std::map<std::string, books::Cursor> cursors;  // by sink
    std::map<std::string, std::string> facts;      // bytes that only their owner understands, e.g. "rows.journal"
    std::vector<SeriesLabels> labels;              // what a loaded snapshot's chunks and
    std::vector<std::byte> text;                   // keys borrow from
};

std::vector<std::byte> encode(const Checkpoint& checkpoint);
// Nothing when the bytes are damaged, cut, or of a version we do not know.
std::optional<Checkpoint> decode(std::vector<std::byte> bytes);

}  // namespace outrigger::fold
