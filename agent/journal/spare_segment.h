// The next segment's file, made ahead: a rotation then waits for no allocation, and works on a disk that has become
// full meanwhile. Lies in the data folder under a name of its own and counts as the journal's. Made on a thread of its
// own; taken by SegmentWriter on the writer's.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "agent/journal/blank_segment.h"

namespace outrigger::journal {

class SpareSegment {
  public:
    explicit SpareSegment(Journal::State& state) : state_(state) {}
    ~SpareSegment();  // what was not taken is removed
    SpareSegment(const SpareSegment&) = delete;
    SpareSegment& operator=(const SpareSegment&) = delete;

    // From now on one is made whenever it is wanted and missing. Without this, only by make().
    void start();
    // The data folder is in use, so there is to be a spare.
    void want();
    // Makes one unless it is there or there is no room for it. False: missing still.
    bool make();

    bool has(std::uint64_t bytes) const;
    std::optional<BlankSegment> take(std::uint64_t bytes);  // never waits for the disk

  private:
    void run(const std::stop_token& stopped);
    std::expected<BlankSegment, Failure> allocate() const;

    Journal::State& state_;
    mutable std::mutex mutex_;  // guards the two below
    std::optional<BlankSegment> spare_;
    bool wanted_ = false;
    std::condition_variable_any changed_;
    std::jthread thread_;
};

}  // namespace outrigger::journal
