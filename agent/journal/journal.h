// The directory of segments: which there are, how far they are kept, who still needs them. Shared by the writer, the
// readers and retention; every call may come from any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/entry.h"
#include "shared/error.h"

namespace outrigger::journal {

using Uuid = std::array<std::uint8_t, 16>;

enum class Durability : std::uint8_t { fsync, process };

struct JournalSettings {
    std::filesystem::path folder;    // <data dir>/journal, 0700
    std::filesystem::path fallback;  // journal/ beside the socket, <= 32 MiB, used while the first cannot be written
    std::uint64_t size_bytes = std::uint64_t{1} << 30;
    std::uint64_t segment_bytes = 0;  // 0: chosen from size_bytes (8..64 MiB)
    Durability durability = Durability::fsync;
};

// The end of what readers may see.
struct Mark {
    std::uint64_t position = 0;  // of the last kept entry; 0: none yet
    Counts counts{};             // entries of each kind up to there
    std::int64_t at_us = 0;      // arrival of the last entry
};

struct JournalStatus {
    std::uint64_t bytes = 0;  // of all segments
    std::uint64_t segments = 0;
    bool durable = true;  // false while the fallback is in use
    std::string problem;  // empty, or what is wrong
    std::uint64_t sync_count = 0;
    double sync_seconds_sum = 0;
    std::array<std::uint64_t, 16> sync_buckets{};  // see journal_sync_bounds
    std::vector<std::pair<std::string, std::uint64_t>>
        errors;  // by op: write, sync, open, remove, damaged, foreign, ...
    std::uint64_t oldest_position = 0;
};

// Cannot be refused by anything found in the folder: what is damaged is quarantined and counted, what is foreign
// ignored.
class Reader;
class Journal {
  public:
    // Recovers: cuts a torn tail, seals the last segment. Everything at or after `checkpoint_position` is verified now,
    // older segments when they are read.
    static std::expected<std::unique_ptr<Journal>, Error> open(JournalSettings settings,
                                                               std::uint64_t checkpoint_position);
    ~Journal();

    Mark mark() const;
    // Waits until the mark is beyond `position` or the deadline is past; returns the mark.
    Mark wait_beyond(std::uint64_t position, std::chrono::steady_clock::time_point deadline) const;
    void wake_waiters();  // so that a stopping reader does not wait for its deadline

    // Reads on from `position` (the last one already handled; 0: from the beginning).
    std::unique_ptr<Reader> read_from(std::uint64_t position);

    // Segments whose entries are all at or before this durable checkpoint may go.
    void checkpointed(std::uint64_t position);
    // Removes segments: those every reader has passed and that are 10 minutes old; the oldest while the size is
    // exceeded.
    void apply_retention(std::chrono::system_clock::time_point now);

    JournalStatus status() const;
    const JournalSettings& settings() const;

    class State;
    State& state() { return *state_; }

  private:
    explicit Journal(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace outrigger::journal
