// The reader behind Journal::read_from: goes from segment to segment, remembers who is who in the one at hand, and
// makes a step out of every hole. One thread.
#pragma once

#include <chrono>
#include <unordered_map>

#include "agent/journal/reader.h"
#include "agent/journal/scan.h"
#include "agent/journal/state.h"

namespace outrigger::journal {

class SegmentReader final : public Reader {
  public:
    SegmentReader(Journal::State& state, std::uint64_t position, const std::optional<Counts>& counts, Reads when);
    ~SegmentReader() override;

    const Step& next() override;
    std::uint64_t position() const override { return is_behind() ? target_ : position_; }
    const Counts& counts() const override { return is_behind() ? target_counts_ : counts_; }
    bool try_to_count() override { return target_known_ != Known::nothing || catch_up(); }
    void release(std::uint64_t position) override { state_.release(number_, position); }

  private:
    void find_counts(const std::optional<Counts>& counts);
    bool is_behind() const { return position_ < target_; }
    bool catch_up();
    void correct_counts();
    Step::What advance(std::uint64_t until);
    Step::What enter(std::uint64_t until);
    Step::What cannot_open(int error, std::uint64_t until);
    Step::What step_to_entry();
    Step::What lose(std::uint64_t until, bool before_all);
    Counts missing_kinds(std::uint64_t lost) const;
    const Identity* identify();

    Journal::State& state_;
    const std::uint64_t number_;
    const Reads when_;
    std::uint64_t position_;
    Counts counts_{};
    Step step_;
    // A segment entered in its middle is walked from its beginning: what was handed out before, and its counts.
    std::uint64_t target_ = 0;
    Counts target_counts_{};
    enum class Known : std::uint8_t { nothing, requests, all } target_known_ = Known::all;
    bool has_guessed_ = false;

    View view_;  // as of the last look at the state
    std::optional<SegmentScan> scan_;
    std::uint64_t scanned_ = 0;  // the id of its segment
    struct Refused {
        std::uint64_t segment = 0;  // its id
        int times = 0;              // in a row
        std::chrono::steady_clock::time_point since;
    } refused_;
    bool holds_entry_ = false;  // the scan's entry lies beyond a hole and has not been handed out
    std::unordered_map<std::uint32_t, Identity> identities_;
    std::uint32_t last_emitter_ = 0;
    const Identity* last_identity_ = nullptr;
};

}  // namespace outrigger::journal
