// Keeps batches: in the segment at hand, in a new one when that is full or failed, in the fallback folder when the data
// folder cannot be written. Used by Writer, on its thread (and by its constructor, before there is one).
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "agent/journal/active_segment.h"
#include "agent/journal/spare_segment.h"
#include "agent/journal/stamper.h"
#include "agent/journal/writer.h"

namespace outrigger::journal {

class SegmentWriter {
  public:
    using Clock = std::chrono::steady_clock;
    using Say = std::function<void(std::string_view)>;

    // `say` gets one line for each change of state.
    SegmentWriter(Journal::State& state, std::uint64_t first, const Counts& counts_before, Say say);
    // Rotations take the file from there when it has one.
    void use(SpareSegment& spare) { spare_ = &spare; }

    // Opens a segment unless there is one; moves back to the data folder when that can be written again.
    void open(Clock::time_point now);
    // Whole or not at all. When it returns true the batch is as durable as it will be, and readers may see it.
    bool keep(Batch& batch, Clock::time_point now);
    // Every entry of the batch just kept, identities included.
    void each_kept(const Batch& batch, const std::function<void(const Entry&)>& use);
    // Seals the segment at hand.
    void close();

    bool in_fallback() const { return where_ == Where::fallback; }

  private:
    enum class Where : std::uint8_t { data, fallback, nowhere };

    bool make_ready(const Batch& batch, Clock::time_point now);
    std::expected<void, Failure> write(Batch& batch);
    bool open_segment(std::uint64_t bytes, Clock::time_point now);
    std::expected<ActiveSegment, Failure> create(bool fallback, std::uint64_t bytes);
    std::expected<ActiveSegment, Failure> begin(bool fallback, std::uint64_t size);
    Failure make_room(bool fallback, std::uint64_t bytes);
    Failure own_data_folder();
    void start(ActiveSegment segment, bool fallback);
    void abandon(const Failure& failure);
    void pass_over_data(const Failure& failure, Clock::time_point now);
    void now_in(Where where, const std::string& problem);
    bool try_data(Clock::time_point now) const {
        return now >= try_data_at_ || (where_ != Where::fallback && refused_.empty());
    }
    bool syncs(bool fallback) const;

    Journal::State& state_;
    Say say_;
    SpareSegment* spare_ = nullptr;
    Stamper stamper_;
    std::optional<ActiveSegment> active_;
    Place place_;                   // of the next entry; everything before it is kept
    std::uint64_t kept_end_ = 0;    // of the bytes in the segment at hand
    std::uint64_t kept_first_ = 0;  // position of the first entry of the last batch kept
    bool failed_ = false;           // the last segment: the next one has a higher generation
    Where where_ = Where::data;
    Clock::time_point try_data_at_{};  // not before, while in the fallback
    std::string refused_;              // the data folder makes segments and takes nothing into them: so says this
};

}  // namespace outrigger::journal
