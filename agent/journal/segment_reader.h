// The reader behind Journal::read_from: goes from segment to segment, remembers who is who in the one at hand, and
// makes a step out of every hole. One thread.
#pragma once

#include <unordered_map>

#include "agent/journal/reader.h"
#include "agent/journal/scan.h"
#include "agent/journal/state.h"

namespace outrigger::journal {

class SegmentReader final : public Reader {
  public:
    SegmentReader(Journal::State& state, std::uint64_t position, const std::optional<Counts>& counts);
    ~SegmentReader() override;

    const Step& next() override;
    std::uint64_t position() const override { return is_behind() ? target_ : position_; }
    const Counts& counts() const override { return is_behind() ? target_counts_ : counts_; }
    void release(std::uint64_t position) override { state_.release(number_, position); }

  private:
    void find_counts(const std::optional<Counts>& counts);
    bool is_behind() const { return position_ < target_; }
    bool catch_up();
    Step::What advance(std::uint64_t until);
    Step::What enter(std::uint64_t until);
    Step::What cannot_open(int error, std::uint64_t until);
    Step::What step_to_entry();
    Step::What lose(std::uint64_t until, bool before_all);
    Counts missing_kinds(std::uint64_t lost) const;
    const Identity* identify();

    Journal::State& state_;
    const std::uint64_t number_;
    std::uint64_t position_;
    Counts counts_{};
    Step step_;
    // A segment entered in its middle is walked from its beginning: what was handed out before, and its counts.
    std::uint64_t target_ = 0;
    Counts target_counts_{};

    View view_;  // as of the last look at the state
    std::optional<SegmentScan> scan_;
    std::uint64_t scanned_ = 0;  // the id of its segment
    int failed_opens_ = 0;       // of one segment, in a row
    bool holds_entry_ = false;   // the scan's entry lies beyond a hole and has not been handed out
    std::unordered_map<std::uint32_t, Identity> identities_;
    std::uint32_t last_emitter_ = 0;
    const Identity* last_identity_ = nullptr;
};

}  // namespace outrigger::journal
