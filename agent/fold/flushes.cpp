#include "agent/fold/flushes.h"

#include <algorithm>
#include <utility>

namespace outrigger::fold {

using books::SinkDrop;
using journal::FlushStep;

void Flushes::apply(Bytes payload, const Reach& now) {
    const auto flush = journal::parse_flush(payload);
    if (!flush) return;
    switch (flush->step) {
        case FlushStep::on:
            return switch_on(now);
        case FlushStep::begin:
            return begin(flush->id, now);
        case FlushStep::end:
            return end(*flush, now);
        case FlushStep::off:
            return switch_off(now);
    }
}

void Flushes::switch_on(const Reach& now) {
    if (!state_.cursor.on) {
        state_.cursor.on = true;
        state_.cursor.base = now.requests;
        state_.done = now;
        settle(now);
    } else if (state_.active) {
        drop_open();
    } else {
        const std::uint64_t lost = now.lost_full - state_.done.lost_full + now.lost_damaged - state_.done.lost_damaged;
        drop(SinkDrop::off, now.requests - state_.done.requests - lost, now.metrics - state_.done.metrics);
        settle(now);
    }
    state_.active = true;
}

void Flushes::switch_off(const Reach& now) {
    if (!state_.active) return;
    drop_open();
    const Deltas left = since_.take();
    drop(SinkDrop::off, left.events, left.metrics);
    settle(now);
    state_.active = false;
}

void Flushes::begin(std::uint64_t id, const Reach& now) {
    if (!state_.active) return;
    drop_open();
    state_.last_id = id;
    content_ = since_.take();
    state_.open = {id, now, content_->events, content_->metrics, content_->first_us};
}

void Flushes::end(const journal::Flush& how, const Reach& now) {
    if (state_.open.id == 0 || how.id != state_.open.id) return end_without_begin(how, now);
    settle(how, state_.open.events, state_.open.reach);
    state_.open = {};
    content_.reset();
}

// Only a journal that was damaged since has one: what it sent is among what has come since, and must not be sent again.
void Flushes::end_without_begin(const journal::Flush& how, const Reach& now) {
    if (lost_at_ == 0 || !state_.active || how.id <= state_.last_id) return;
    drop_open();
    state_.last_id = how.id;
    settle(how, since_.take().events, now);
}

// `events`: that the fold has seen of the flush. In a damaged journal that may be less than was sent, or (a flush
// between is lost) more.
void Flushes::settle(const journal::Flush& how, std::uint64_t events, const Reach& reach) {
    const std::uint64_t told = how.delivered + how.unsent;
    const bool lossy = lost_at_ != 0;
    state_.cursor.delivered += how.delivered;
    drop(SinkDrop::unsent, how.unsent, how.unsent_metrics);
    if (lossy && events > told) drop(SinkDrop::damaged, events - told, 0);
    settle(reach, lossy && told > events ? told - events : 0);
}

// It may have been sent, in part or whole, and nobody knows: it is not sent again.
void Flushes::drop_open() {
    if (state_.open.id == 0) return;
    drop(SinkDrop::restart, state_.open.events, state_.open.metrics);
    settle(state_.open.reach);
    state_.open = {};
    content_.reset();
}

void Flushes::drop(SinkDrop reason, std::uint64_t events, std::uint64_t metrics) {
    state_.cursor.dropped[static_cast<std::size_t>(reason)] += events;
    state_.cursor.dropped_metrics[static_cast<std::size_t>(reason)] += metrics;
}

void Flushes::settle(const Reach& reach, std::uint64_t sent) {
    const std::uint64_t damaged = reach.lost_damaged - state_.done.lost_damaged;
    const std::uint64_t full = reach.lost_full - state_.done.lost_full;
    const std::uint64_t of_damaged = std::min(sent, damaged);
    drop(SinkDrop::damaged, damaged - of_damaged, 0);
    drop(SinkDrop::journal_full, full - std::min(sent - of_damaged, full), 0);
    state_.cursor.position = reach.position;
    state_.cursor.requests = reach.requests;
    state_.done = reach;
    if (reach.position >= lost_at_) lost_at_ = 0;
}

bool Flushes::due(const Reach& now) const {
    return state_.active && (since_.all().first_us != 0 ||
                             now.requests != (state_.open.id != 0 ? state_.open.reach : state_.done).requests);
}

books::Cursor Flushes::cursor(const Reach& now) const {
    if (state_.cursor.on) return state_.cursor;
    books::Cursor none;  // the entry that switches it on is on its way
    none.on = true;
    none.position = now.position;
    none.base = none.requests = now.requests;
    return none;
}

std::int64_t Flushes::oldest_us() const {
    return state_.open.first_us != 0 ? state_.open.first_us : since_.all().first_us;
}

FlushState Flushes::copy() const {
    FlushState out = state_;
    out.since = since_.all();
    return out;
}

void Flushes::restore(FlushState state, const Texts& texts) {
    Deltas since = std::exchange(state.since, {});
    for (RequestDelta& delta : since.requests) delta.key = texts.key_of(delta.series);
    for (CustomDelta& delta : since.custom)
        if (auto labels = texts.labels_of(delta)) delta.labels = std::move(labels);
    since_.restore(std::move(since));
    state_ = std::move(state);
}

}  // namespace outrigger::fold
