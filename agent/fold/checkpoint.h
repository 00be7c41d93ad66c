// One checkpoint: the fold at one position, and what the sinks must remember beside it. Two alternating files in the
// data directory, or in the fallback beside the socket. A cursor may be ahead of the fold's position (a sink reads what
// is kept, too) or behind it; replay of the fold starts after `fold.position`, each sink's reader after its own cursor,
// and the journal needs to keep what lies after the least of them only for as long as its size allows.
#pragma once

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/books/cursor.h"
#include "agent/fold/snapshot.h"
#include "shared/error.h"
#include "shared/record.h"

namespace outrigger::fold {

struct Checkpoint {
    std::uint64_t sequence = 0;                    // grows by one with each that is written
    Snapshot fold;                                 // after loading it borrows from `labels` and `text`
    std::map<std::string, books::Cursor> cursors;  // by sink
    std::map<std::string, std::string> facts;      // bytes that only their owner understands, e.g. "rows.journal"
    std::vector<SeriesLabels> labels;              // what a loaded snapshot's chunks and
    std::vector<std::byte> text;                   // keys borrow from
};

std::vector<std::byte> encode(const Checkpoint& checkpoint);
// Nothing when the bytes are damaged, cut, or of a version we do not know.
std::optional<Checkpoint> decode(std::vector<std::byte> bytes);

// The two files. One thread at a time.
class CheckpointFiles {
  public:
    CheckpointFiles(std::filesystem::path folder, std::filesystem::path fallback);

    // The newest valid one of both places; an empty one (sequence 0) when there is none.
    Checkpoint load();
    // Durable when it returns a value: whether it had to go to the fallback.
    std::expected<bool, Error> save(Checkpoint checkpoint);

  private:
    std::filesystem::path folder_, fallback_;
    std::uint64_t sequence_ = 0;
};

}  // namespace outrigger::fold
