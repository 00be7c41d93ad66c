#include "agent/journal/state.h"

#include <algorithm>
#include <utility>

namespace outrigger::journal {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;
constexpr std::uint64_t fallback_bytes = 32 * mebibyte;

}  // namespace

std::string_view to_string(Op op) {
    constexpr std::array<std::string_view, static_cast<std::size_t>(Op::count_)> names = {
        "open", "write", "sync", "read", "remove", "damaged", "torn", "missing", "foreign", "quarantine", "spare"};
    return names[static_cast<std::size_t>(op)];
}

std::uint64_t budget(const JournalSettings& settings, bool fallback) {
    return fallback ? fallback_bytes : settings.size_bytes;
}

std::uint64_t segment_bytes(const JournalSettings& settings, bool fallback) {
    const std::uint64_t wanted = settings.segment_bytes != 0
                                     ? settings.segment_bytes
                                     : std::clamp(settings.size_bytes / 32, 8 * mebibyte, 64 * mebibyte);
    const std::uint64_t at_most = budget(settings, fallback) / 8;  // a small journal goes round in small steps
    return std::max<std::uint64_t>(std::min(wanted, at_most), 2 * header_bytes);
}

Journal::State::State(JournalSettings settings, std::shared_ptr<Disk> disk, Recovered recovered)
    : settings_(std::move(settings)),
      disk_(std::move(disk)),
      data_readable_(recovered.readable),
      segments_(std::move(recovered.segments)),
      mark_(recovered.mark),
      uuid_(recovered.uuid),
      next_id_(recovered.next_id),
      generation_(recovered.generation),
      quarantine_(std::move(recovered.quarantine)),
      errors_(recovered.errors) {
    status_.problem = std::move(recovered.problem);
    status_.foreign_requests = recovered.foreign_requests;
}

Mark Journal::State::mark() const {
    const std::lock_guard lock(mutex_);
    return mark_;
}

Mark Journal::State::wait_beyond(std::uint64_t position, std::chrono::steady_clock::time_point deadline) const {
    std::unique_lock lock(mutex_);
    if (mark_.position > position) return mark_;
    const auto waiting = awaited_.insert(position);
    mark_moved_.wait_until(lock, deadline,
                           [&, woken = woken_] { return mark_.position > position || woken_ != woken; });
    awaited_.erase(waiting);
    return mark_;
}

void Journal::State::wake_waiters() {
    {
        const std::lock_guard lock(mutex_);
        ++woken_;
    }
    mark_moved_.notify_all();
}

std::uint64_t Journal::State::last_of(std::size_t index) const {
    return index + 1 < segments_.size() ? segments_[index + 1].header.first - 1 : mark_.position;
}

View Journal::State::view(std::uint64_t position) const {
    const std::lock_guard lock(mutex_);
    View view{mark_, std::nullopt, 0, {}};
    if (segments_.empty()) return view;
    const auto after = std::ranges::upper_bound(segments_, position + 1, {},
                                                [](const Segment& segment) { return segment.header.first; });
    const auto index = static_cast<std::size_t>(std::max(after - segments_.begin(), std::ptrdiff_t{1}) - 1);
    view.segment = segments_[index];
    const bool whole = index + 1 < segments_.size() && last_of(index) <= mark_.position;
    view.last = whole ? last_of(index) : mark_.position;
    view.counts = whole ? segments_[index + 1].header.before : mark_.counts;
    return view;
}

bool Journal::State::was_removed(std::uint64_t position) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(removed_,
                               [&](const auto& range) { return range.first <= position && position <= range.second; });
}

std::uint64_t Journal::State::add_reader(std::uint64_t released) {
    const std::lock_guard lock(mutex_);
    readers_[next_reader_] = released;
    return next_reader_++;
}

void Journal::State::release(std::uint64_t reader, std::uint64_t position) {
    const std::lock_guard lock(mutex_);
    auto& released = readers_[reader];
    released = std::max(released, position);
}

void Journal::State::remove_reader(std::uint64_t reader) {
    const std::lock_guard lock(mutex_);
    readers_.erase(reader);
}

bool Journal::State::vanished(std::uint64_t segment) {
    const std::lock_guard lock(mutex_);
    const auto gone = std::ranges::find(segments_, segment, [](const Segment& one) { return one.header.id; });
    if (gone == segments_.end() || gone->leaving) return true;
    if (gone + 1 == segments_.end()) return false;  // still being written, its name is gone
    ++errors_[static_cast<std::size_t>(Op::missing)];
    missing_.emplace_back(gone->header.first, last_of(static_cast<std::size_t>(gone - segments_.begin())));
    segments_.erase(gone);
    return true;
}

Journal::State::Fate Journal::State::fate(std::uint64_t position) const {
    const std::lock_guard lock(mutex_);
    Fate fate;
    for (const auto& [first, last] : missing_) {
        if (first <= position && position <= last) return {true, last};
        if (position < first) fate.last = std::min(fate.last, first - 1);
    }
    return fate;
}

bool Journal::State::note_damage(std::uint64_t segment) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(segments_, segment, [](const Segment& one) { return one.header.id; });
    if (found == segments_.end() || std::exchange(found->damaged, true)) return false;
    ++errors_[static_cast<std::size_t>(Op::damaged)];
    return true;
}

void Journal::State::count(Op op, std::uint64_t times) {
    const std::lock_guard lock(mutex_);
    errors_[static_cast<std::size_t>(op)] += times;
}

void Journal::State::quarantined(bool fallback, std::vector<Quarantined> files) {
    const std::lock_guard lock(mutex_);
    quarantine_[fallback] = std::move(files);
}

void Journal::State::begin_at(std::uint64_t first, const Counts& counts_before) {
    const std::lock_guard lock(mutex_);
    if (first - 1 > mark_.position) mark_.position = first - 1;
    mark_.counts = counts_before;
}

std::uint64_t Journal::State::take_id() {
    const std::lock_guard lock(mutex_);
    return next_id_++;
}

std::uint64_t Journal::State::generation() const {
    const std::lock_guard lock(mutex_);
    return generation_;
}

bool Journal::State::holds(const std::filesystem::path& path) const {
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(segments_, [&](const Segment& segment) { return segment.path == path; });
}

std::vector<Segment> Journal::State::add(Segment segment) {
    const std::lock_guard lock(mutex_);
    std::vector<Segment> superseded;
    while (!segments_.empty() && segments_.back().header.first >= segment.header.first) {
        superseded.push_back(std::move(segments_.back()));
        segments_.pop_back();
    }
    generation_ = segment.header.generation;
    segments_.push_back(std::move(segment));
    return superseded;
}

void Journal::State::publish(const Mark& mark, std::uint64_t segment, std::uint64_t readable) {
    bool awaited = false;
    {
        const std::lock_guard lock(mutex_);
        mark_ = mark;
        if (segments_.back().header.id == segment) segments_.back().readable = readable;
        awaited = !awaited_.empty() && *awaited_.begin() < mark.position;
    }
    // Who waits for thousands of entries is not woken by each batch.
    if (awaited) mark_moved_.notify_all();
}

void Journal::State::closed(std::uint64_t segment, std::uint64_t readable, std::uint64_t size) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(segments_, segment, [](const Segment& one) { return one.header.id; });
    if (found == segments_.end()) return;
    found->readable = readable;
    found->size = size;
}

void Journal::State::synced(std::chrono::nanoseconds took) {
    const double seconds = std::chrono::duration<double>(took).count();
    const std::lock_guard lock(mutex_);
    ++status_.sync_count;
    status_.sync_seconds_sum += seconds;
    const auto bound = std::ranges::lower_bound(journal_sync_bounds, seconds);
    ++status_.sync_buckets[static_cast<std::size_t>(bound - journal_sync_bounds.begin())];
}

void Journal::State::trouble(bool durable, std::string problem) {
    const std::lock_guard lock(mutex_);
    status_.durable = durable;
    status_.problem = std::move(problem);
}

Uuid Journal::State::uuid() const {
    const std::lock_guard lock(mutex_);
    return uuid_;
}

Uuid Journal::State::newest_uuid() const {
    const std::lock_guard lock(mutex_);
    return segments_.empty() ? uuid_ : segments_.back().header.uuid;
}

void Journal::State::set_uuid(const Uuid& uuid) {
    const std::lock_guard lock(mutex_);
    uuid_ = uuid;
}

JournalStatus Journal::State::status() const {
    const std::lock_guard lock(mutex_);
    JournalStatus status = status_;
    status.bytes = bytes_locked(false) + bytes_locked(true);
    status.unread_bytes = unread_bytes_locked();
    status.segments = segments_.size();
    status.oldest_position = segments_.empty() ? 0 : segments_.front().header.first;
    for (std::size_t op = 0; op < errors_.size(); ++op)
        status.errors.emplace_back(to_string(static_cast<Op>(op)), errors_[op]);
    return status;
}

}  // namespace outrigger::journal
