// The StatsD sink's side of the fold: what has come since the last flush, the flush that is under way, and the sink's
// page in the books, all changed by journal entries alone, so that a kill loses none of it. The writer's thread, under
// the fold's lock.
//
//   begin: what has come is set aside, and may be sent now that the entry is on disk; end: it is done with, as the
//   entry says. A flush without an end, when the agent starts again, counts whole as dropped.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/fold/delta_table.h"
#include "agent/journal/entry.h"

namespace outrigger::fold {

class Flushes {
  public:
    explicit Flushes(std::size_t max_series) : since_(max_series) {}

    // `now`: what has been applied, this entry included.
    void apply(Bytes payload, const Reach& now);
    // Replay: entries are missing here, flushes perhaps among them.
    void lost(std::uint64_t position) { lost_at_ = position; }
    bool active() const { return state_.active; }
    DeltaTable& since() { return since_; }

    bool due(const Reach& now) const;
    std::uint64_t last_id() const { return state_.last_id; }
    bool has_content() const { return content_.has_value(); }
    Deltas take_content() { return *std::exchange(content_, std::nullopt); }
    books::Cursor cursor(const Reach& now) const;
    std::int64_t oldest_us() const;

    FlushState copy() const;
    // What the fold has of its own of what the deltas speak of.
    struct Texts {
        std::function<std::string_view(std::uint32_t series)> key_of;
        // Null: it has no such label set any more.
        std::function<std::shared_ptr<const std::string>(const CustomDelta& delta)> labels_of;
    };
    void restore(FlushState state, const Texts& texts);

  private:
    void begin(std::uint64_t id, const Reach& now);
    void end(const journal::Flush& how, const Reach& now);
    void end_without_begin(const journal::Flush& how, const Reach& now);
    void settle(const journal::Flush& how, std::uint64_t events, const Reach& reach);
    void switch_on(const Reach& now);
    void switch_off(const Reach& now);
    void drop_open();
    void drop(books::SinkDrop reason, std::uint64_t events, std::uint64_t metrics);
    // `sent`: of what the journal lost, how much had been sent before.
    void settle(const Reach& reach, std::uint64_t sent = 0);

    FlushState state_;           // but for `since`
    std::uint64_t lost_at_ = 0;  // the last position that is missing and that no settled flush has passed; 0: none
    DeltaTable since_;
    std::optional<Deltas> content_;  // of the open flush, until the sink takes it
};

}  // namespace outrigger::fold
