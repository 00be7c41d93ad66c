#include "agent/journal/writer.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "agent/journal/segment_writer.h"
#include "shared/thread_name.h"

namespace outrigger::journal {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds first_pause{100};  // before a batch that could not be written is tried again
constexpr std::chrono::milliseconds longest_pause{1000};
constexpr std::chrono::milliseconds stop_by_default{5000};

}  // namespace

class Writer::Thread {
  public:
    Thread(Journal::State& state, std::uint64_t first, const Counts& counts_before, WriterHooks hooks)
        : hooks_(std::move(hooks)),
          spare_(state),
          segments_(state, first, counts_before,
                    [this](std::string_view line) {
                        if (hooks_.state_changed) hooks_.state_changed(line);
                    }),
          working_() {
        segments_.use(spare_);
        segments_.open(Clock::now());
        spare_.start();
        thread_ = std::jthread([this] {
            name_this_thread("journal");
            run();
        });
    }

    bool offer(Batch& batch) {
        {
            const std::lock_guard lock(mutex_);
            if (offered_ || stopping_) return false;
            std::swap(pending_, batch);
            offered_ = true;
        }
        changed_.notify_all();
        return true;
    }

    bool add_own(const Envelope& envelope, Bytes payload) {
        {
            const std::lock_guard lock(mutex_);
            if (stopping_) return false;
            own_.add(envelope, payload);
        }
        changed_.notify_all();
        return true;
    }

    bool stop(std::chrono::milliseconds deadline) {
        {
            const std::lock_guard lock(mutex_);
            if (!stopping_) give_up_at_ = Clock::now() + deadline;
            stopping_ = true;
        }
        changed_.notify_all();
        if (thread_.joinable()) thread_.join();
        return all_kept_;
    }

  private:
    void run() {
        while (take()) {
            if (!keep()) {
                all_kept_ = false;
                break;
            }
            hand_out();
        }
        segments_.close();
    }

    // Waits for a batch; false when there is none and never will be. Meanwhile looks whether the data folder is back.
    bool take() {
        std::unique_lock lock(mutex_);
        while (!offered_ && own_.empty()) {
            if (stopping_) return false;
            if (changed_.wait_for(lock, longest_pause, [this] { return offered_ || !own_.empty() || stopping_; }))
                continue;
            lock.unlock();
            segments_.open(Clock::now());
            lock.lock();
        }
        working_.clear();
        if (offered_) std::swap(working_, pending_);
        was_offered_ = std::exchange(offered_, false);
        working_.bytes_.insert(working_.bytes_.begin(), own_.bytes_.begin(), own_.bytes_.end());
        own_.clear();
        return true;
    }

    bool keep() {
        auto pause = first_pause;
        while (!segments_.keep(working_, Clock::now())) {
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, pause, [this] { return stopping_; });
            if (stopping_ && Clock::now() >= give_up_at_) return false;
            if (stopping_) changed_.wait_until(lock, std::min(give_up_at_, Clock::now() + pause), [] { return false; });
            pause = std::min(2 * pause, longest_pause);
        }
        return true;
    }

    void hand_out() {
        if (hooks_.batch_begins) hooks_.batch_begins();
        if (hooks_.kept) segments_.each_kept(working_, hooks_.kept);
        if (hooks_.batch_ends) hooks_.batch_ends();
        if (hooks_.acknowledged && was_offered_) hooks_.acknowledged(working_.receipts_);
    }

    const WriterHooks hooks_;
    SpareSegment spare_;
    SegmentWriter segments_;    // the thread's alone, once it runs
    Batch working_;             // the thread's alone
    bool was_offered_ = false;  // whether working_ came from intake
    bool all_kept_ = true;      // the thread's, read after it is joined

    std::mutex mutex_;  // guards the five below
    std::condition_variable changed_;
    Batch pending_;
    Batch own_;
    bool offered_ = false;
    bool stopping_ = false;
    Clock::time_point give_up_at_{};

    std::jthread thread_;
};

Writer::Writer(Journal& journal, std::uint64_t first, const Counts& counts_before, WriterHooks hooks)
    : thread_(std::make_unique<Thread>(journal.state(), first, counts_before, std::move(hooks))) {}

Writer::~Writer() { stop(stop_by_default); }

bool Writer::offer(Batch& batch) { return thread_->offer(batch); }

bool Writer::add_own(const Envelope& envelope, Bytes payload) { return thread_->add_own(envelope, payload); }

bool Writer::stop(std::chrono::milliseconds deadline) { return thread_->stop(deadline); }

}  // namespace outrigger::journal
