#include "agent/sinks/rows/worker.h"

#include <algorithm>

#include "agent/sinks/rows/event_json.h"
#include "shared/thread_name.h"
#include "shared/utc_clock.h"

namespace outrigger::rows {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto batch_time = 1s;
constexpr auto ping_time = 3s;
constexpr auto expiry_time = 1h;
constexpr auto expiry_again = 1min;  // after it failed
constexpr auto longest_hold = 5s;
constexpr auto fence_pause = 100ms;
constexpr unsigned quiet_fences = 2;  // somebody else may have stored: that much is no trouble of ours
constexpr auto read_pause = 50ms;     // before a disk that did not answer is asked again
constexpr auto longest_silence = 2s;  // of the disk, before that is worth saying

// What passes by itself is waited for longer and longer; somebody may be at work on the rest.
bool passes(Trouble trouble) {
    return trouble == Trouble::connection || trouble == Trouble::resource || trouble == Trouble::slow;
}

}  // namespace

RowsSink::Worker::Worker(RowsSettings settings, RowsParts parts)
    : settings_(std::move(settings)),
      parts_(std::move(parts)),
      own_{0, settings_.service, settings_.env, settings_.version},
      facts_(read_facts(parts_)),
      cursor_(parts_.tally.cursor()),
      connector_(
          settings_.postgres, [this] { return finished(); }, settings_.lookup),
      report_(parts_.tally, parts_.say),
      backoff_(100ms, 30s),
      random_(std::random_device{}()) {
    source_.event = [this](std::uint64_t position) { return event_at(position); };
    prepare();
    if (const auto warning = connector_.warning()) report_.say(*warning);
    thread_ = std::jthread([this] {
        name_this_thread("rows");
        run();
    });
}

RowsSink::Worker::~Worker() { stop(0ms); }

bool RowsSink::Worker::stop(std::chrono::milliseconds deadline) {
    stop_.give(Clock::now() + deadline);
    parts_.journal.wake_waiters();
    if (thread_.joinable()) {
        const auto give_up = Clock::now() + deadline;
        while (!ended_.load(std::memory_order_acquire) && Clock::now() < give_up) std::this_thread::sleep_for(5ms);
        lifeline_.cut();
        thread_.join();
    }
    return cursor_.position >= parts_.journal.mark().position;
}

bool RowsSink::Worker::finished() const {
    if (!stop_.given()) return false;
    return stop_.past_deadline(Clock::now()) || cursor_.position >= parts_.journal.mark().position;
}

void RowsSink::Worker::run() {
    while (!finished()) {
        const auto lived = live();
        session_.reset();
        if (lived) continue;
        const bool quiet = lived.error().trouble == Trouble::fenced && ++fences_ <= quiet_fences;
        if (!quiet && !stop_.past_deadline(Clock::now())) failed(lived.error());
        if (stop_.given()) break;  // the next start goes on with it; a database that is down is not waited for
        if (quiet) {
            stop_.sleep(fence_pause);
            continue;
        }
        const double random = std::uniform_real_distribution<double>(0, 1)(random_);
        auto wait = backoff_.next(random);
        if (!passes(lived.error().trouble)) wait = std::min<std::chrono::milliseconds>(wait, longest_hold);
        stop_.sleep(wait);
    }
    reader_.reset();
    ended_.store(true, std::memory_order_release);
}

RowsSink::Worker::Outcome RowsSink::Worker::live() {
    if (auto connected = connect(); !connected) return connected;
    if (auto resumed = resume(); !resumed) return resumed;
    if (!trouble_in_store_) succeeded();
    next_.begin(*reader_);
    while (!finished()) {
        if (auto waited = wait_for_work(); !waited) return waited;
        if (auto filled = fill_batch(); !filled) return filled;
        if (!batch_.empty()) {
            if (auto done = store_batch(); !done) {
                trouble_in_store_ = true;
                return done;
            }
        }
        if (auto expired = keep_house(); !expired) return expired;
    }
    return {};
}

RowsSink::Worker::Outcome RowsSink::Worker::connect() {
    std::optional<std::string> password;
    if (settings_.password_file) {
        auto read = read_password(*settings_.password_file);
        if (!read) return std::unexpected(read.error());
        password = std::move(*read);
    }
    auto session = Session::open(connector_, password, lifeline_, settings_.limits);
    if (!session) return std::unexpected(session.error());
    session_.emplace(std::move(*session));
    auto schema = Schema::open(*session_, statements_);
    if (!schema) return std::unexpected(schema.error());
    schema_.emplace(std::move(*schema));
    return {};
}

// Returns when there is a full batch, or something has waited long enough, or we are to stop. Asks the server now and
// then whether it is there.
RowsSink::Worker::Outcome RowsSink::Worker::wait_for_work() {
    auto asked = Clock::now();
    while (!stop_.given()) {
        auto mark = parts_.journal.mark();
        if (mark.position > cursor_.position) {
            report_.pending_since(mark.at_us);
            report_.push();
            parts_.journal.wait_beyond(cursor_.position + size_.awaited() - 1, Clock::now() + batch_time);
            return {};
        }
        report_.nothing_pending(utc_us());
        if (!report_.is_up()) succeeded();
        report_.push();
        parts_.journal.wait_beyond(cursor_.position, Clock::now() + batch_time);
        if (Clock::now() - asked < ping_time) continue;
        asked = Clock::now();
        if (const auto there = session_->execute("SELECT 1"); !there) return std::unexpected(there.error());
        if (auto expired = keep_house(); !expired) return expired;
    }
    return {};
}

// The reader is kept while the disk does not answer: it knows how often that was asked, and when it is enough.
RowsSink::Worker::Outcome RowsSink::Worker::fill_batch() {
    const auto begun = Clock::now();
    std::swap(batch_, next_);
    while (batch_.fill(*reader_, context(), size_.rows()) == Batch::Filled::retry && batch_.empty())
        if (auto waited = wait_for_disk(begun); !waited) return waited;
    next_.begin(*reader_);
    report_.pending_since(batch_.oldest_us());
    return {};
}

// An error only when we are to stop. `since`: when it was first asked.
RowsSink::Worker::Outcome RowsSink::Worker::wait_for_disk(Clock::time_point since) {
    const DatabaseError silent{Trouble::resource, "", "the journal cannot be read"};
    if (stop_.given()) return std::unexpected(silent);
    if (Clock::now() - since >= longest_silence) failed(silent);
    stop_.sleep(read_pause);
    return {};
}

RowsSink::Worker::Outcome RowsSink::Worker::store_batch() {
    const auto begun = Clock::now();
    for (int attempt = 0;; ++attempt) {
        if (auto made = schema_->ensure_partitions(*session_, batch_.days(), day_of(utc_us())); !made) return made;
        const std::uint64_t reach = belief_.reach;
        belief_.reach = std::max(reach, batch_.to());
        const auto dead = store(*session_, agent_, batch_, watch_, source_, [this] { return fill_next(); });
        if (dead) {
            size_.stored(Clock::now() - begun, settings_.limits.statement());
            stored(*dead);
            return {};
        }
        const Trouble trouble = dead.error().trouble;
        if (trouble == Trouble::slow || lifeline_.expired()) size_.too_slow(batch_.rows());
        // Only a lost connection leaves it open whether it was committed.
        if (trouble != Trouble::connection) belief_.reach = reach;
        if (trouble == Trouble::fenced) fenced_at_ = batch_.from();
        if (trouble != Trouble::no_partition || attempt > 0) return std::unexpected(dead.error());
        schema_->forget_partitions();
    }
}

RowContext RowsSink::Worker::context() const { return {agent_, own_.service, own_.env, own_.version}; }

// Some of the next batch; false when there is no more for it now.
bool RowsSink::Worker::fill_next() {
    constexpr std::size_t slice = 1600;
    return next_.fill(*reader_, context(), size_.rows(), slice) == Batch::Filled::more;
}

// A failure of its own, not one of storing: it says so, and storing goes on.
RowsSink::Worker::Outcome RowsSink::Worker::keep_house() {
    if (Clock::now() < next_expiry_) return {};
    const auto expired = schema_->expire(*session_, settings_.retention);
    next_expiry_ = Clock::now() + (expired ? Clock::duration(expiry_time) : Clock::duration(expiry_again));
    if (expired)
        report_.expired();
    else if (expired.error().trouble == Trouble::connection)
        return expired;
    else
        report_.not_expired(expired.error(), statements_);
    return schema_->ensure_partitions(*session_, {}, day_of(utc_us()));
}

void RowsSink::Worker::stored(std::size_t dead_letters) {
    cursor_.position = batch_.to();
    cursor_.requests = batch_.requests_at_end();
    cursor_.delivered += batch_.rows() - dead_letters;
    cursor_.dropped[static_cast<std::size_t>(books::SinkDrop::refused_by_database)] += dead_letters;
    for (const Loss& loss : batch_.losses()) cursor_.dropped[static_cast<std::size_t>(loss.reason)] += loss.events;
    belief_.cursor = belief_.reach = cursor_.position;
    belief_.fresh = false;
    fences_ = 0;
    parts_.tally.push(cursor_);
    reader_->release(cursor_.position);
    if (dead_letters == 0 && batch_.rows() > 0) keep_good(batch_.tuples(batch_.rows() - 1, batch_.rows()));
    report_.progress(utc_us(), parts_.journal.mark().position > cursor_.position ? batch_.newest_us() : 0);
    succeeded();
}

void RowsSink::Worker::keep_good(std::span<const char> tuple) {
    source_.good.assign(tuple.begin(), tuple.end());
    std::fill(source_.good.end() - 8, source_.good.end(), '\0');  // the position is the last column
}

std::optional<LostEvent> RowsSink::Worker::event_at(std::uint64_t position) {
    const auto reader = parts_.journal.read_from(position - 1);
    for (int attempt = 1; attempt <= 5; ++attempt) {
        const journal::Step& step = reader->next();
        if (step.what == journal::Step::What::entry && step.entry.position == position)
            return describe(step.entry, own_);
        if (step.what != journal::Step::What::retry || !stop_.sleep(read_pause)) break;
    }
    return std::nullopt;
}

void RowsSink::Worker::succeeded() {
    trouble_in_store_ = false;
    backoff_.reset();
    report_.up();
}

void RowsSink::Worker::failed(const DatabaseError& error) {
    const auto mark = parts_.journal.mark();
    report_.down(error, statements_, mark.position > cursor_.position ? mark.at_us : 0);
}

}  // namespace outrigger::rows
