// What writer, readers and retention share: the list of segments, the mark, who has read how far, what went wrong.
// Every call may come from any thread; the mutex guards all of it and is never held over I/O.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

#include "agent/journal/disk.h"
#include "agent/journal/journal.h"
#include "agent/journal/segment.h"

namespace outrigger::journal {

// The op of outrigger_journal_errors_total.
enum class Op : std::uint8_t {
    open,
    write,
    sync,
    read,
    remove,
    damaged,
    torn,
    missing,
    foreign,
    quarantine,
    spare,
    count_
};
std::string_view to_string(Op op);

// A file in quarantine.
struct Quarantined {
    std::string name;
    std::uint64_t bytes = 0;
};

// What recovery found.
struct Recovered {
    std::vector<Segment> segments;  // in order of position
    Mark mark;
    Uuid uuid{};
    std::uint64_t next_id = 1;
    std::uint64_t generation = 0;
    std::array<std::uint64_t, static_cast<std::size_t>(Op::count_)> errors{};
    std::uint64_t foreign_requests = 0;                  // in segments of another journal
    std::array<std::vector<Quarantined>, 2> quarantine;  // of the data folder; of the fallback
    std::string problem;                                 // the data folder cannot be read
    bool readable = true;
};

// What a reader needs to go on after a position, all of one moment.
struct View {
    Mark mark;
    std::optional<Segment> segment;  // holds position + 1, or is the first one after it
    std::uint64_t last = 0;          // of that segment, as far as it is kept
    Counts counts{};                 // cumulative, at `last`
};

class Journal::State {
  public:
    State(JournalSettings settings, std::shared_ptr<Disk> disk, Recovered recovered);

    const JournalSettings& settings() const { return settings_; }
    Disk& disk() { return *disk_; }

    // Readers.
    Mark mark() const;
    Mark wait_beyond(std::uint64_t position, std::chrono::steady_clock::time_point deadline) const;
    void wake_waiters();
    View view(std::uint64_t position) const;
    std::uint64_t add_reader(std::uint64_t released);
    void release(std::uint64_t reader, std::uint64_t position);
    void remove_reader(std::uint64_t reader);
    bool was_removed(std::uint64_t position) const;  // by retention
    bool vanished(std::uint64_t segment);            // its file is not there: true when the list is right again
    // What became of a position before all segments, and up to which one that is so: retention has removed it, in this
    // life or an earlier one, unless its file was found missing.
    struct Fate {
        bool was_missing = false;
        std::uint64_t last = UINT64_MAX;
    };
    Fate fate(std::uint64_t position) const;
    bool note_damage(std::uint64_t segment);  // true the first time: quarantine it
    void count(Op op, std::uint64_t times = 1);
    void quarantined(bool fallback, std::vector<Quarantined> files);  // what lies there now

    // The writer.
    // The next position is `first`: what was skipped before it counts as told.
    void begin_at(std::uint64_t first, const Counts& counts_before);
    std::uint64_t take_id();
    std::uint64_t generation() const;
    bool holds(const std::filesystem::path& path) const;
    bool data_folder_was_readable() const { return data_readable_; }
    // The newest from now on. Those that hold nothing before its first position are superseded: handed back.
    std::vector<Segment> add(Segment segment);
    void publish(const Mark& mark, std::uint64_t segment, std::uint64_t readable);
    void closed(std::uint64_t segment, std::uint64_t readable, std::uint64_t size);
    void synced(std::chrono::nanoseconds took);
    void trouble(bool durable, std::string problem);

    // Retention, in retention.cpp. take_leaving() marks what may go, so that the files can be removed without the lock.
    void checkpointed(std::uint64_t position, bool in_fallback);
    bool checkpoints_are_in_fallback() const;  // the newest is: the data folder does not take them
    void folder_vanished();                    // the data folder is not where it was, and its checkpoints neither
    void needed_after(std::uint64_t position);
    bool wants_checkpoint() const;
    std::uint64_t bytes(bool fallback) const;
    void spare(std::uint64_t bytes);       // of the file for the next segment; 0: there is none
    void short_of_room(bool short_of_it);  // the disk had no room for that file
    struct Room {                          // that a new segment needs
        std::uint64_t bytes = 0;
        bool fallback = false;
        bool at_any_age = false;  // the disk is full: what every reader has passed goes at once
    };
    std::vector<Segment> take_leaving(std::chrono::system_clock::time_point now, const Room& room);
    void left(std::uint64_t segment, bool removed);

    Uuid uuid() const;
    Uuid newest_uuid() const;  // of the newest segment; uuid() when there is none
    void set_uuid(const Uuid& uuid);
    JournalStatus status() const;

  private:
    std::uint64_t bytes_locked(bool fallback) const;
    std::uint64_t passed_locked() const;  // by every reader, and by sinks that have none
    std::uint64_t unread_bytes_locked() const;
    std::uint64_t last_of(std::size_t index) const;
    bool wants_checkpoint(bool fallback) const;

    const JournalSettings settings_;
    const std::shared_ptr<Disk> disk_;
    const bool data_readable_;

    mutable std::mutex mutex_;  // guards everything below
    mutable std::condition_variable mark_moved_;
    mutable std::multiset<std::uint64_t> awaited_;  // the positions beyond which somebody waits for the mark
    std::vector<Segment> segments_;
    Mark mark_;
    std::uint64_t woken_ = 0;  // counts wake_waiters()
    Uuid uuid_;
    std::uint64_t next_id_;
    std::uint64_t generation_;
    std::array<std::uint64_t, 2> checkpoint_{};  // position of the newest: in the data folder; in any of the two
    bool folder_vanished_ = false;               // and no checkpoint was written since
    std::uint64_t spare_bytes_ = 0;
    std::array<std::vector<Quarantined>, 2> quarantine_;
    bool short_of_room_ = false;
    std::uint64_t needed_after_ = UINT64_MAX;
    std::vector<std::pair<std::uint64_t, std::uint64_t>> removed_;  // first and last positions
    std::vector<std::pair<std::uint64_t, std::uint64_t>> missing_;  // the same of what nobody here removed
    std::map<std::uint64_t, std::uint64_t> readers_;                // by number: released position
    std::uint64_t next_reader_ = 1;
    std::array<std::uint64_t, static_cast<std::size_t>(Op::count_)> errors_;
    JournalStatus status_;
};

// The budget of a folder, and how large its segments are.
std::uint64_t budget(const JournalSettings& settings, bool fallback);
std::uint64_t segment_bytes(const JournalSettings& settings, bool fallback);

}  // namespace outrigger::journal
