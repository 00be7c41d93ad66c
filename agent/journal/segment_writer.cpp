#include "agent/journal/segment_writer.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "agent/journal/quarantine.h"
#include "agent/journal/retention.h"
#include "shared/utc_clock.h"

namespace outrigger::journal {
namespace {

constexpr std::chrono::seconds data_folder_pause{5};
// A batch whose segment failed is written anew, and once more, in the fallback, when that one took nothing either.
constexpr int attempts = 3;

std::string described(const std::filesystem::path& folder, const Failure& failure) {
    if (failure.full) return folder.string() + ": the journal is full and no checkpoint covers its oldest segment";
    return folder.string() + ": " + std::string(to_string(failure.op)) + ": " +
           std::generic_category().message(failure.code);
}

}  // namespace

SegmentWriter::SegmentWriter(Journal::State& state, std::uint64_t first, const Counts& counts_before, Say say)
    : state_(state), say_(std::move(say)) {
    place_.position = first;
    place_.counts = counts_before;
    state_.begin_at(first, counts_before);
}

void SegmentWriter::open(Clock::time_point now) {
    if (!active_ || (where_ == Where::fallback && try_data(now))) open_segment(0, now);
}

bool SegmentWriter::keep(Batch& batch, Clock::time_point now) {
    stamper_.remember(batch);
    for (int attempt = 0; attempt < attempts && make_ready(batch, now); ++attempt) {
        const auto written = write(batch);
        if (written) {
            stamper_.forget(batch);
            return true;
        }
        abandon(written.error());
        if (attempt > 0 && place_.ordinal == 0) pass_over_data(written.error(), now);
    }
    return false;
}

bool SegmentWriter::make_ready(const Batch& batch, Clock::time_point now) {
    const bool stays = active_ && (where_ != Where::fallback || !try_data(now));
    if (stays && active_->fits(stamper_.bytes_at_most(batch))) return true;
    if (stays && active_->fits(stamper_.bytes_needed(batch, false))) return true;
    return open_segment(stamper_.bytes_needed(batch, true), now);
}

std::expected<void, Failure> SegmentWriter::write(Batch& batch) {
    const Place after = stamper_.stamp(batch, place_);
    kept_first_ = place_.position;
    if (after.position == place_.position) return {};
    const auto parts = stamper_.parts(batch);
    std::uint64_t bytes = 0;
    for (const auto& part : parts) bytes += part.iov_len;
    if (auto written = active_->append(parts, bytes); !written) return written;
    if (syncs(where_ == Where::fallback)) {
        const auto start = Clock::now();
        if (auto synced = active_->sync(); !synced) return synced;
        state_.synced(Clock::now() - start);
    }
    place_ = after;
    kept_end_ = active_->end();
    state_.publish({place_.position - 1, place_.counts, place_.at_us}, active_->header().id, kept_end_);
    return {};
}

void SegmentWriter::each_kept(const Batch& batch, const std::function<void(const Entry&)>& use) {
    stamper_.for_each(batch, kept_first_, use);
}

bool SegmentWriter::open_segment(std::uint64_t bytes, Clock::time_point now) {
    std::string problem = refused_;
    if (try_data(now)) {
        refused_.clear();
        auto segment = create(false, bytes);
        if (segment) {
            start(std::move(*segment), false);
            now_in(Where::data, {});
            return true;
        }
        problem = described(state_.settings().folder, segment.error());
        try_data_at_ = now + data_folder_pause;
        if (segment.error().full && !state_.checkpoints_are_in_fallback()) {
            now_in(Where::nowhere, problem);
            return false;
        }
        if (where_ == Where::fallback && active_ && active_->fits(bytes)) return true;
    }
    auto segment = create(true, bytes);
    if (!segment) {
        refused_.clear();
        now_in(Where::nowhere,
               problem + (problem.empty() ? "" : "; ") + described(state_.settings().fallback, segment.error()));
        return false;
    }
    start(std::move(*segment), true);
    now_in(Where::fallback, problem);
    return true;
}

std::expected<ActiveSegment, Failure> SegmentWriter::create(bool fallback, std::uint64_t bytes) {
    const auto& settings = state_.settings();
    const auto& folder = fallback ? settings.fallback : settings.folder;
    const std::uint64_t size = std::max(segment_bytes(settings, fallback), header_bytes + bytes + seal_bytes);
    Failure failure{Op::open, state_.disk().make_folder(folder)};
    if (failure.code == 0 && !fallback) failure = own_data_folder();
    const bool allocated = !fallback && spare_ != nullptr && spare_->has(size);
    if (failure.code == 0) failure = make_room(fallback, allocated ? 0 : size);
    bool made_room = false;
    while (failure.code == 0) {
        auto segment = begin(fallback, size);
        if (segment) return segment;
        const auto now = std::chrono::system_clock::now();
        if (segment.error().code == EEXIST) continue;  // the id is somebody else's
        if (segment.error().code == ENOSPC && !std::exchange(made_room, true) &&
            remove_segments(state_, now, {size, fallback, true}) > 0)
            continue;
        failure = segment.error();
    }
    state_.count(failure.op);
    return std::unexpected(failure);
}

std::expected<ActiveSegment, Failure> SegmentWriter::begin(bool fallback, std::uint64_t size) {
    const auto& settings = state_.settings();
    Header header{.id = state_.take_id(), .generation = state_.generation() + (failed_ ? 1 : 0)};
    header.uuid = state_.uuid();
    header.continues = state_.newest_uuid();
    header.first = place_.position;
    header.created_us = utc_us();
    header.before = place_.counts;
    if (!fallback && spare_ != nullptr) {
        // A spare that fails (its name is gone, say) is no reason to fail.
        if (auto spare = spare_->take(size))
            if (auto segment = ActiveSegment::begin(state_.disk(), std::move(*spare), header, syncs(false)))
                return segment;
    }
    return ActiveSegment::create(state_.disk(), fallback ? settings.fallback : settings.folder, header, size,
                                 syncs(fallback));
}

// The budget, and what is over it while the checkpoint that lets segments go is on its way.
Failure SegmentWriter::make_room(bool fallback, std::uint64_t bytes) {
    remove_segments(state_, std::chrono::system_clock::now(), {bytes, fallback, false});
    const std::uint64_t slack = fallback ? 0 : 2 * segment_bytes(state_.settings(), false);
    if (state_.bytes(fallback) + bytes <= budget(state_.settings(), fallback) + slack) return {};
    return {Op::open, ENOSPC, true};
}

// A data folder that could not be read at start may hold another history: only a start can tell.
Failure SegmentWriter::own_data_folder() {
    if (state_.data_folder_was_readable()) return {};
    const auto& folder = state_.settings().folder;
    const auto names = state_.disk().list(folder);
    if (!names) return {Op::open, names.error()};
    for (const auto& name : *names)
        if (parse_segment_name(name) && !state_.holds(folder / name)) return {Op::foreign, ENOTEMPTY};
    return {};
}

void SegmentWriter::start(ActiveSegment segment, bool fallback) {
    close();
    const auto superseded =
        state_.add({segment.header(), segment.path(), fallback, segment.size(), segment.end(), false, false});
    for (const auto& old : superseded) set_aside(state_, old);
    stamper_.begin_segment(segment.header());
    place_.ordinal = 0;
    kept_end_ = segment.end();
    failed_ = false;
    active_.emplace(std::move(segment));
    if (!fallback && spare_ != nullptr) spare_->want();
}

void SegmentWriter::close() {
    if (!active_) return;
    active_->seal(place_.ordinal, place_.counts);
    state_.closed(active_->header().id, active_->end(), active_->size());
    active_.reset();
}

// After an error nothing is known of what the disk holds of the last batch: the file is never written again, and what
// was not kept goes, under a higher generation, into a new one.
void SegmentWriter::abandon(const Failure& failure) {
    state_.count(failure.op);
    if (failure.op == Op::missing && where_ == Where::data) state_.folder_vanished();
    const std::uint64_t size = state_.disk().cut(active_->path(), kept_end_) == 0 ? kept_end_ : active_->size();
    state_.closed(active_->header().id, kept_end_, size);
    active_.reset();
    failed_ = true;
}

void SegmentWriter::pass_over_data(const Failure& failure, Clock::time_point now) {
    if (where_ != Where::data) return;
    refused_ = described(state_.settings().folder, failure);
    try_data_at_ = now + data_folder_pause;
}

void SegmentWriter::now_in(Where where, const std::string& problem) {
    if (where != Where::fallback || !problem.empty()) state_.trouble(where == Where::data, problem);
    if (std::exchange(where_, where) == where) return;
    switch (where) {
        case Where::data:
            say_("the journal is written to " + state_.settings().folder.string() + " again");
            return;
        case Where::fallback:
            say_("cannot write the journal (" + problem + "): writes to " + state_.settings().fallback.string() +
                 " instead, which a power loss does not survive");
            return;
        case Where::nowhere:
            say_("cannot write the journal (" + problem + "): nothing is acknowledged until it can be written again");
            return;
    }
}

bool SegmentWriter::syncs(bool fallback) const {
    return !fallback && state_.settings().durability == Durability::fsync;
}

}  // namespace outrigger::journal
