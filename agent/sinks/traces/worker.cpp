#include "agent/sinks/traces/worker.h"

#include <algorithm>
#include <cstring>

#include "agent/sinks/traces/span_ids.h"
#include "shared/thread_name.h"
#include "shared/utc_clock.h"

namespace outrigger::traces {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto gather_time = 1s;
constexpr std::uint64_t gather_events = 5'000;
constexpr auto ask_time = 5s;  // when there is nothing to send
constexpr auto longest_stop = 2s;
constexpr unsigned refusals_in_a_row = 3;  // of payloads, before it counts as down

std::uint64_t seed_of(const journal::Uuid& uuid) {
    std::array<std::uint64_t, 2> halves{};
    std::memcpy(halves.data(), uuid.data(), uuid.size());
    return scatter(halves[0]) ^ halves[1];
}

}  // namespace

TracesSink::Worker::Worker(TracesSettings settings, TracesParts parts)
    : settings_(std::move(settings)),
      parts_(std::move(parts)),
      context_{seed_of(parts_.journal.uuid()), settings_.service, settings_.env, settings_.version},
      wire_(settings_),
      cursor_(parts_.tally.cursor()),
      backoff_(100ms, 10s),
      random_(std::random_device{}()) {
    begin();
    thread_ = std::jthread([this] {
        name_this_thread("traces");
        run();
    });
}

TracesSink::Worker::~Worker() { stop(0ms); }

bool TracesSink::Worker::stop(std::chrono::milliseconds deadline) {
    const auto give_up = Clock::now() + std::min<std::chrono::milliseconds>(deadline, longest_stop);
    stop_.give(give_up);
    parts_.journal.wake_waiters();
    if (thread_.joinable()) {
        while (!ended_.load(std::memory_order_acquire) && Clock::now() < give_up) std::this_thread::sleep_for(5ms);
        wire_.cut();
        thread_.join();
    }
    return cursor_.position >= parts_.journal.mark().position;
}

void TracesSink::Worker::begin() {
    if (!cursor_.on) {
        const auto mark = parts_.journal.mark();
        cursor_ = {};
        cursor_.on = true;
        cursor_.position = mark.position;
        cursor_.base = cursor_.requests = journal::requests(mark.counts);
        parts_.tally.push(cursor_);
    }
    reader_ = parts_.journal.read_from(cursor_.position, journal::requests_alone(cursor_.requests));
    push_health();
}

bool TracesSink::Worker::finished() const {
    if (!stop_.given()) return false;
    return gave_up_ || stop_.past_deadline(Clock::now()) || cursor_.position >= parts_.journal.mark().position;
}

std::int64_t TracesSink::Worker::oldest_us() const {
    return utc_us() - std::chrono::duration_cast<std::chrono::microseconds>(settings_.max_age).count();
}

void TracesSink::Worker::run() {
    if (!stop_.given()) ask();  // whether it is there is to be known before the first second of gathering is over
    while (!finished()) {
        if (batch_.settled() && (!wait_for_work() || !fill())) continue;
        batch_.drop_old(oldest_us(), cursor_);
        push_progress();
        if (!batch_.settled() && !send()) back_off();
    }
    reader_.reset();
    ended_.store(true, std::memory_order_release);
}

// Something is gathered when something is there; else whoever is to take it is asked now and then whether it is there.
bool TracesSink::Worker::wait_for_work() {
    if (parts_.journal.mark().position > cursor_.position) {
        if (!stop_.given())
            parts_.journal.wait_beyond(cursor_.position + gather_events - 1, Clock::now() + gather_time);
        return true;
    }
    progress_us_ = utc_us();
    if (Clock::now() >= next_question_ && !stop_.given() && !ask()) {
        back_off();
        return false;
    }
    push_health();
    parts_.journal.wait_beyond(cursor_.position, Clock::now() + gather_time);
    return false;  // what has come just now is gathered first
}

bool TracesSink::Worker::fill() {
    most_chunks_ = all_chunks;
    const auto filled = batch_.fill(*reader_, context_, oldest_us());
    if (filled != Batch::Filled::retry || !batch_.settled()) return true;
    failed("the journal cannot be read");
    back_off();
    return false;
}

bool TracesSink::Worker::ask() {
    next_question_ = Clock::now() + ask_time;
    const auto reply = wire_.ask();
    const bool there = reply && reply->status < 500;
    if (there && refusals_ < refusals_in_a_row)
        succeeded();
    else if (!there)
        failed(reply ? describe(*reply) : reply.error());
    return there;
}

bool TracesSink::Worker::send() {
    push_health();
    const Batch::Part part = batch_.next(most_chunks_);
    const auto reply = wire_.send(part.body, part.chunks, rates_version_);
    if (!reply) {
        failed(reply.error());
        return false;
    }
    switch (verdict_of(reply->status)) {
        case Verdict::accepted:
            batch_.delivered(part, cursor_);
            refusals_ = 0;
            most_chunks_ = most_chunks_ > all_chunks / 2 ? all_chunks : 2 * most_chunks_;
            take(*reply);
            break;
        case Verdict::too_large:
            most_chunks_ = part.chunks / 2;
            if (part.chunks > 1) return true;
            most_chunks_ = 1;
            refused(part, *reply);
            break;
        case Verdict::refused:
            refused(part, *reply);
            break;
        case Verdict::retry:
            failed(describe(*reply));
            return false;
    }
    push_progress();
    return true;
}

void TracesSink::Worker::take(const Reply& reply) {
    succeeded();
    next_question_ = Clock::now() + ask_time;
    auto rates = parse_rates(reply.body);
    if (!rates) return;
    rates_version_ = reply.rates_version;
    settings_.took_rates(std::move(*rates));
}

// What is refused is done with, which is progress; when nothing is taken any more, something is wrong with all of it.
void TracesSink::Worker::refused(const Batch::Part& part, const Reply& reply) {
    batch_.refused(part, cursor_);
    const std::string why = "traces are refused and dropped: " + describe(reply);
    if (++refusals_ >= refusals_in_a_row) {
        backoff_.reset();
        return failed(why);
    }
    succeeded();
    breaker_.note(why);
    if (refusals_ == 1) parts_.say("traces: " + why);
}

void TracesSink::Worker::push_progress() {
    if (cursor_.position == parts_.tally.cursor().position) return;
    parts_.tally.push(cursor_);
    reader_->release(cursor_.position);
    progress_us_ = utc_us();
    push_health();
}

void TracesSink::Worker::back_off() {
    if (stop_.given()) gave_up_ = true;
    stop_.sleep(backoff_.next(std::uniform_real_distribution<double>(0, 1)(random_)));
}

void TracesSink::Worker::succeeded() {
    backoff_.reset();
    if (const auto news = breaker_.came_back()) parts_.say("traces: " + *news);
    push_health();
}

void TracesSink::Worker::failed(const std::string& why) {
    if (stop_.past_deadline(Clock::now())) return;  // it was cut by ourselves
    if (const auto news = breaker_.went_down(why)) parts_.say("traces: " + *news);
    push_health();
}

void TracesSink::Worker::push_health() {
    std::int64_t oldest_us = batch_.oldest_us();
    const auto mark = parts_.journal.mark();
    if (oldest_us == 0 && mark.position > cursor_.position) oldest_us = mark.at_us;
    parts_.tally.push(books::Health{breaker_.up(), breaker_.last_error(), progress_us_, oldest_us});
}

}  // namespace outrigger::traces
