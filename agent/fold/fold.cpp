#include "agent/fold/fold.h"

#include <algorithm>
#include <mutex>
#include <utility>

#include "agent/fold/metric_names.h"
#include "agent/fold/state.h"

namespace outrigger::fold {
Fold::Fold(FoldSettings settings, const Snapshot& from)
    : state_(std::make_unique<FoldState>(std::move(settings), from)) {}
Fold::~Fold() = default;

const std::vector<std::string>& Fold::notes() const { return state_->notes; }
void Fold::batch_begins() { mutex_.lock(); }
void Fold::batch_ends(std::optional<std::uint64_t> journal_requests) {
    state_->journal_requests = std::max(state_->journal_requests, journal_requests.value_or(state_->reach().requests));
    const bool begun = state_->flushes.has_content();
    mutex_.unlock();
    if (begun) flush_begun_.notify_all();
}
void Fold::apply(const journal::Entry& entry) { state_->apply(entry); }
void Fold::lost(std::uint64_t last, const journal::Counts& counts, bool damaged) {
    state_->lost(last, counts, damaged);
}

Snapshot Fold::snapshot(std::int64_t now_us, bool with_exemplars) const {
    Snapshot out = copy(with_exemplars, false);
    sort_exemplars(out.requests.exemplars);
    const auto is_idle = [&](std::int64_t last_us) { return now_us - last_us >= idle_us; };
    std::erase_if(out.apps, [&](const AppInfo& app) { return is_idle(app.last_us); });
    for (CustomFamily& family : out.custom) {
        if (family.kind != MetricKind::gauge) continue;
        std::erase_if(family.series, [&](const CustomSeries& each) { return is_idle(each.set_us); });
    }
    std::erase_if(out.custom, [](const CustomFamily& family) { return family.series.empty(); });
    std::ranges::sort(out.custom, {}, &CustomFamily::name);
    return out;
}

// Memory comes first, and is touched, so that the copy does not wait for the kernel while the journal's writer waits
// for us.
Snapshot Fold::copy(bool with_exemplars, bool with_marks) const {
    Snapshot out;
    std::size_t rows = 0, exemplars = 0;
    {
        const std::lock_guard lock(mutex_);
        rows = state_->series.size() + 64;
        exemplars = with_exemplars ? state_->series.exemplars() + 64 : 0;
    }
    out.requests.values.resize(rows * (RequestSeries::buckets + state_->settings.buckets.size() + 1));
    out.requests.exemplars.resize(exemplars);
    const std::lock_guard lock(mutex_);
    const FoldState& state = *state_;
    out.position = state.position;
    out.arrival_us = state.arrival_us;
    out.counters = state.counters;
    out.bounds = state.settings.buckets;
    state.series.copy_to(out.requests, with_exemplars);
    out.custom = state.custom.copy();
    out.apps = state.apps.all();
    out.overflow = state.series.overflow();
    out.overflow.push_back({std::string(metric_label), state.custom.overflow()});
    out.offenders = state.offenders.sorted();
    if (with_marks) out.marks = state.marks.all();
    if (with_marks) out.flushes = state.flushes.copy();
    out.emitters = state.marks.size();
    out.series = state.guard.size();
    return out;
}

Snapshot Fold::checkpoint_copy() const {
    Snapshot out = copy(true, true);
    std::ranges::sort(out.custom, {}, &CustomFamily::name);
    return out;
}

std::uint64_t Fold::position() const {
    const std::lock_guard lock(mutex_);
    return state_->position;
}

books::Cursor Fold::cursor() const {
    const std::lock_guard lock(mutex_);
    const Counters& counters = state_->counters;
    books::Cursor cursor;
    cursor.on = true;
    cursor.position = state_->position;
    cursor.requests = state_->journal_requests;
    cursor.delivered = counters.folded;
    cursor.dropped[static_cast<std::size_t>(books::SinkDrop::journal_full)] = counters.lost_full;
    cursor.dropped[static_cast<std::size_t>(books::SinkDrop::damaged)] = counters.lost_damaged;
    return cursor;
}

bool Fold::flushes_are_on() const {
    const std::lock_guard lock(mutex_);
    return state_->flushes.active();
}

bool Fold::flush_due() const {
    const std::lock_guard lock(mutex_);
    return state_->flushes.due(state_->reach());
}

std::uint64_t Fold::last_flush() const {
    const std::lock_guard lock(mutex_);
    return state_->flushes.last_id();
}

std::optional<Deltas> Fold::take_flush(std::uint64_t id, std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    const auto begun = [&] { return state_->flushes.has_content() && state_->flushes.last_id() == id; };
    if (!flush_begun_.wait_until(lock, deadline, begun)) return std::nullopt;
    return state_->flushes.take_content();
}

Fold::FlushPage Fold::flush_page() const {
    const std::lock_guard lock(mutex_);
    return {state_->flushes.cursor(state_->reach()), state_->flushes.oldest_us()};
}

std::vector<Mark> Fold::marks() const {
    const std::lock_guard lock(mutex_);
    return state_->marks.all();
}

void Fold::forget_idle(std::int64_t now_us, std::uint64_t oldest_position, std::span<const EmitterId> in_use) {
    const std::lock_guard lock(mutex_);
    state_->marks.erase_if([&](const Mark& mark) {
        return now_us - mark.arrival_us >= idle_us && mark.position < oldest_position &&
               !std::ranges::binary_search(in_use, mark.emitter);
    });
}

}  // namespace outrigger::fold
