#include "shared/emitter/incarnation.h"

#include <time.h>

#include <array>
#include <csignal>

#include "shared/emitter/identifiers.h"
#include "shared/thread_name.h"

namespace outrigger {

using std::chrono::steady_clock;

namespace {

// A field that is there but not known yet: measure() counts its bytes, and it is filled in before write().
constexpr std::uint64_t to_be_made = 1;

constexpr std::size_t small_record_bytes = 512;

// By the vDSO, so no system call.
std::uint32_t unix_seconds() noexcept {
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
    return static_cast<std::uint32_t>(now.tv_sec);
}

DropReason reason_of(const Refused& refused) noexcept {
    return refused.reason == Refusal::too_long ? DropReason::too_long : DropReason::invalid;
}

}  // namespace

Incarnation::Incarnation(SenderSettings settings, DropCounters& unassigned)
    : unassigned_(unassigned), sender_(std::move(settings), ring_, unassigned) {
    start_thread();
    std::unique_lock lock(mutex_);
    // For the first attempt at a ring, good or bad: what is recorded before it is dropped. Milliseconds, unless the
    // machine is so busy that the thread hardly runs.
    changed_.wait_for(lock, std::chrono::seconds(5), [this] { return stepped_; });
}

// The app's signals are the app's: none is ever handled on this thread.
void Incarnation::start_thread() {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        thread_ = std::jthread([this] { run(); });
    } catch (...) {
        ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
        throw;
    }
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Recorded Incarnation::record(const RequestEvent& event) noexcept {
    const bool no_trace = event.trace_id == TraceId{};
    const bool no_span = event.span_id == 0;
    if (!no_trace && !no_span) return keep(event, [](std::uint64_t, std::uint64_t) {});
    RequestEvent named = event;
    if (no_trace) named.trace_id.back() = to_be_made;
    if (no_span) named.span_id = to_be_made;
    return keep(named, [&](std::uint64_t key, std::uint64_t number) {
        if (no_trace) named.trace_id = make_trace_id(key, number, unix_seconds());
        if (no_span) named.span_id = make_span_id(key, number);
    });
}

Recorded Incarnation::record(const MetricEvent& event) noexcept {
    return keep(event, [](std::uint64_t, std::uint64_t) {});
}

template <class Event, class Complete>
Recorded Incarnation::keep(Event& event, Complete complete) noexcept {
    const auto measured = measure(event);
    Ring* ring = ring_.load(std::memory_order_acquire);
    while (ring != nullptr) {
        if (!measured) {
            const DropReason reason = reason_of(measured.error());
            ring->count_drop(reason);
            return reason == DropReason::too_long ? Recorded::too_long : Recorded::invalid;
        }
        if (const auto slot = ring->reserve(measured->length)) {
            complete(ring->key(), slot->number);
            // The ring's cells are in the sender's cache: bytes that are read back, for their checksum, would be waited
            // for.
            std::array<std::byte, small_record_bytes> near;  // NOLINT(cppcoreguidelines-pro-type-member-init)
            std::byte* const bytes = measured->length <= near.size() ? near.data() : slot->record;
            write(event, *measured, bytes);
            ring->publish(*slot, {bytes, measured->length});
            return Recorded::accepted;
        }
        Ring* newer = ring_.load(std::memory_order_acquire);
        if (newer == ring) {
            ring->count_drop(DropReason::ring_full);
            return Recorded::ring_full;
        }
        ring = newer;
    }
    unassigned_.add(DropReason::no_ring);
    return Recorded::no_ring;
}

void Incarnation::run() {
    name_this_thread("outrigger");
    send_until_stopped();
    drain();
}

void Incarnation::send_until_stopped() {
    for (;;) {
        const auto rest = sender_.step(steady_clock::now());
        std::unique_lock lock(mutex_);
        if (!stepped_) {
            stepped_ = true;
            changed_.notify_all();
        }
        if (changed_.wait_for(lock, rest, [this] { return stopping_; })) return;
    }
}

void Incarnation::drain() {
    sender_.close();
    for (auto now = steady_clock::now(); now < deadline_ && !sender_.drained(); now = steady_clock::now()) {
        const auto rest = sender_.step(now);
        std::this_thread::sleep_until(std::min<Sender::Time>(now + rest, deadline_));
    }
    sender_.part();
}

void Incarnation::stop(std::chrono::milliseconds deadline) {
    {
        const std::scoped_lock lock(mutex_);
        stopping_ = true;
        deadline_ = steady_clock::now() + deadline;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
}

}  // namespace outrigger
