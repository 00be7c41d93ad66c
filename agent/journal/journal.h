// The directory of segments: which there are, how far they are kept, who still needs them. Shared by the writer, the
// readers and retention; every call may come from any thread.
#pragma once

#include <array>
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
Uuid make_uuid();  // random: RFC 9562, version 4

enum class Durability : std::uint8_t { fsync, process };

class Disk;

// The journal's own count of requests at a position, as somebody kept it elsewhere.
struct Known {
    std::uint64_t position = 0;
    std::uint64_t requests = 0;
};

struct JournalSettings {
    std::filesystem::path folder;    // <data dir>/journal, 0700
    std::filesystem::path fallback;  // journal/ beside the socket, <= 32 MiB, used while the first cannot be written
    std::uint64_t size_bytes = std::uint64_t{1} << 30;
    std::uint64_t segment_bytes = 0;  // 0: chosen from size_bytes (8..64 MiB)
    Durability durability = Durability::fsync;
    std::optional<Uuid> uuid;    // of our history, as kept elsewhere; nothing: that of the newest segment
    std::vector<Known> known;    // by checkpoint and cursors: what entries were that cannot be read any more
    std::shared_ptr<Disk> disk;  // null: the real one; tests pass one that fails
    std::chrono::milliseconds patience{30'000};  // with a segment that cannot be opened, before it counts as lost
};

// The end of what readers may see.
struct Mark {
    std::uint64_t position = 0;  // of the last kept entry; 0: none yet
    Counts counts{};             // entries of each kind up to there
    std::int64_t at_us = 0;      // arrival of the last entry
};

// Upper bounds of the first 15 of JournalStatus::sync_buckets, in seconds; what is slower is in the last. Not
// cumulative.
inline constexpr std::array<double, 15> journal_sync_bounds = {
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10};

struct JournalStatus {
    std::uint64_t bytes = 0;         // of all segments, the spare one and what lies in quarantine
    std::uint64_t unread_bytes = 0;  // of entries that a sink has still to read, in proportion within a segment
    std::uint64_t segments = 0;
    bool durable = true;  // false while the fallback is in use
    std::string problem;  // empty, or what is wrong
    std::uint64_t sync_count = 0;
    double sync_seconds_sum = 0;
    std::array<std::uint64_t, 16> sync_buckets{};  // see journal_sync_bounds
    std::vector<std::pair<std::string, std::uint64_t>>
        errors;                          // by op: write, sync, open, remove, damaged, foreign, ...
    std::uint64_t foreign_requests = 0;  // in the segments that the start set aside because they are another journal's
    std::uint64_t oldest_position = 0;
};

class Reader;

// At start nothing is served before the replay ends, so it waits at most a second for a segment, whatever is wrong.
// Later what is short (descriptors, memory) costs no segment at all.
enum class Reads : std::uint8_t { at_start, while_running };

// Cannot be refused by anything found in the folder: what is damaged, and segments of another journal, are quarantined
// and counted, what is no segment is ignored.
class Journal {
  public:
    // Recovers: cuts a torn tail, seals the last segment. Everything at or after `checkpoint_position` is verified now,
    // older segments when they are read. `kept_position`: the furthest that any cursor tells of; a journal that ends
    // before it or the checkpoint has lost what was kept.
    static std::expected<std::unique_ptr<Journal>, Error> open(JournalSettings settings,
                                                               std::uint64_t checkpoint_position,
                                                               std::uint64_t kept_position = 0);
    ~Journal();

    Mark mark() const;
    // Waits until the mark is beyond `position` or the deadline is past; returns the mark.
    Mark wait_beyond(std::uint64_t position, std::chrono::steady_clock::time_point deadline) const;
    void wake_waiters();  // so that a stopping reader does not wait for its deadline

    // Reads on from `position` (the last one already handled; 0: from the beginning). `counts`: the journal's own at
    // that position, if the caller kept them (of the requests at least); used when the segment that holds it is gone or
    // cannot be read up to there, so that the loss is exact. Without them every lost position counts as a request then.
    // Does not wait for the disk. The reader must not outlive the journal.
    std::unique_ptr<Reader> read_from(std::uint64_t position, const std::optional<Counts>& counts = std::nullopt,
                                      Reads when = Reads::while_running);

    // Whose positions these are: made when the journal is new, the newest segment's otherwise. A new one goes into the
    // segments opened after the call, so it is given before the writer is made.
    Uuid uuid() const;
    void set_uuid(const Uuid& uuid);

    // Segments whose entries are all at or before this durable checkpoint may go; when it lies in the fallback, only
    // those that lie there too. The one that open() was given counts as such.
    void checkpointed(std::uint64_t position, bool in_fallback = false);
    // What lies beyond this position is still needed by a sink that is on, even while it has no reader (its store is
    // down). Until it is called only readers count.
    void needed_after(std::uint64_t position);
    // There will soon be no room unless a checkpoint lets old segments go: do not wait for the usual 64 MiB.
    bool wants_checkpoint() const;
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
