#include "agent/sinks/statsd/worker.h"

#include <malloc.h>

#include <algorithm>

#include "shared/thread_name.h"
#include "shared/utc_clock.h"

namespace outrigger::statsd {
namespace {

using namespace std::chrono_literals;

constexpr auto flush_time = 2s;
constexpr auto begin_time = 100ms;  // how long to wait for the journal before looking whether to stop
constexpr auto patience = 2000ms;   // with a receiver that is away, takes nothing or has no address; the rest is unsent
constexpr auto busy_pause = 2ms;

}  // namespace

StatsdSink::Worker::Worker(StatsdSettings settings, StatsdParts parts)
    : settings_(std::move(settings)),
      parts_(std::move(parts)),
      wire_(
          settings_.target, [this] { return stop_.past_deadline(Clock::now()); }, settings_.lookup),
      backoff_(50ms, 1s),
      random_(std::random_device{}()) {
    thread_ = std::jthread([this] {
        name_this_thread("statsd");
        run();
    });
}

StatsdSink::Worker::~Worker() { stop(0ms); }

bool StatsdSink::Worker::stop(std::chrono::milliseconds deadline) {
    stop_.give(Clock::now() + deadline);
    if (thread_.joinable()) thread_.join();
    return !parts_.due();
}

void StatsdSink::Worker::run() {
    look();
    for (auto next = Clock::now() + flush_time; !stop_.given(); next = std::max(next + flush_time, Clock::now())) {
        stop_.sleep(std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now()));
        if (stop_.given()) break;
        if (parts_.due()) {
            flush();
        } else {
            progress_us_ = utc_us();
            if (!breaker_.up() && wire_.is_unix()) look();
            push_health();
        }
    }
    if (parts_.due() && !stop_.past_deadline(Clock::now())) flush();
}

void StatsdSink::Worker::look() {
    if (wire_.reach(Clock::now(), patience)) return succeeded();
    give_up(wire_.problem());
}

void StatsdSink::Worker::flush() {
    const std::uint64_t id = parts_.last_flush() + 1;
    auto deltas = begin(id);
    if (!deltas) return;  // the journal has no room, and we are to stop: the next start counts it
    const Account account = send_all(*deltas);
    const std::uint64_t coarse = deltas->coarse;
    deltas.reset();
    note_coarse(coarse);
    parts_.journal({journal::FlushStep::end, id, account.delivered(), account.unsent(), account.unsent_metrics()});
}

// Somebody sends values that nobody measures: that is said once, and their memory is not to stay.
void StatsdSink::Worker::note_coarse(std::uint64_t values) {
    if (values > 0 && !coarse_)
        parts_.say("statsd: " + std::to_string(values) + " values lie too far apart to be told within 1.1 %");
    coarse_ = values > 0;
    if (coarse_) ::malloc_trim(0);
}

std::optional<fold::Deltas> StatsdSink::Worker::begin(std::uint64_t id) {
    parts_.journal({journal::FlushStep::begin, id, 0, 0, 0});
    while (true) {
        auto deltas = parts_.take(id, Clock::now() + begin_time);
        if (deltas || stop_.past_deadline(Clock::now())) return deltas;
        push_health();
    }
}

Account StatsdSink::Worker::send_all(const fold::Deltas& deltas) {
    Account account(deltas);
    gave_up_ = false;
    flush_until_ = Clock::now() + settings_.longest_flush;
    trouble_since_.reset();
    Packer packer(wire_.packet_limit(), [&](const Packet& packet) { account.handled(packet.pieces, send(packet)); });
    render(deltas, settings_.naming, wire_.packet_limit(),
           [&](std::string_view lines, const Piece& piece) { packer.add(lines, piece); });
    packer.finish();
    if (!gave_up_ && deltas.first_us != 0) succeeded();
    return account;
}

bool StatsdSink::Worker::send(const Packet& packet) {
    while (!gave_up_ && wait_for_receiver()) {
        const auto begun = Clock::now();
        const Wire::Outcome outcome = wire_.send(packet.bytes, begun, patience_left());
        if (outcome == Wire::Outcome::busy || outcome == Wire::Outcome::lost)
            trouble_since_ = trouble_since_.value_or(begun);
        switch (outcome) {
            case Wire::Outcome::sent:
                pace_.sent(Clock::now(), packet.repeats());
                trouble_since_.reset();
                backoff_.reset();
                progress_us_ = utc_us();
                push_health();
                return true;
            case Wire::Outcome::never:
                return false;
            case Wire::Outcome::busy:
                if (!wait_after_trouble(busy_pause)) give_up("it takes nothing");
                break;
            case Wire::Outcome::lost:
                if (!wait_after_trouble(backoff_.next(std::uniform_real_distribution<double>(0, 1)(random_))))
                    give_up(wire_.problem());
                break;
        }
    }
    gave_up_ = true;
    return false;
}

// False: it is not to be sent in this flush.
bool StatsdSink::Worker::wait_for_receiver() {
    const auto needed = pace_.wait(Clock::now());
    if (Clock::now() + needed <= flush_until_) return wait(needed);
    give_up("more events come than it is given time to read, some 1,000,000 a second");
    return false;
}

// False: we are to stop, and there is no time left.
bool StatsdSink::Worker::wait(std::chrono::nanoseconds duration) {
    while (duration > 0ns && !stop_.past_deadline(Clock::now())) {
        const auto before = Clock::now();
        stop_.sleep(std::chrono::ceil<std::chrono::milliseconds>(duration));
        duration -= Clock::now() - before;  // an order to stop ends the sleep early, and leaves time for the rest
    }
    return !stop_.past_deadline(Clock::now());
}

std::chrono::milliseconds StatsdSink::Worker::patience_left() const {
    if (!trouble_since_) return patience;
    const auto lasted = std::chrono::floor<std::chrono::milliseconds>(Clock::now() - *trouble_since_);
    return std::max(0ms, patience - lasted);
}

// False: it took too long.
bool StatsdSink::Worker::wait_after_trouble(std::chrono::milliseconds duration) {
    return patience_left() > 0ms && wait(std::min(duration, patience_left()));
}

void StatsdSink::Worker::give_up(const std::string& why) {
    gave_up_ = true;
    if (const auto news = breaker_.went_down(to_text(settings_.target) + ": " + why)) parts_.say("statsd: " + *news);
    push_health();
}

void StatsdSink::Worker::succeeded() {
    backoff_.reset();
    progress_us_ = utc_us();
    if (const auto news = breaker_.came_back()) parts_.say("statsd: " + *news);
    push_health();
}

void StatsdSink::Worker::push_health() {
    parts_.tally.push(books::Health{breaker_.up(), breaker_.last_error(), progress_us_, 0});
}

}  // namespace outrigger::statsd
