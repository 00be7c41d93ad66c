#include "app/workers.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace outrigger::app {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

sigset_t stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

// The signals are waited for, never handled: blocked before the first fork, so that none is lost.
class BlockedSignals {
  public:
    BlockedSignals() {
        auto set = stop_signals();
        sigaddset(&set, SIGCHLD);
        sigprocmask(SIG_BLOCK, &set, &before_);
    }
    ~BlockedSignals() { sigprocmask(SIG_SETMASK, &before_, nullptr); }
    BlockedSignals(const BlockedSignals&) = delete;
    BlockedSignals& operator=(const BlockedSignals&) = delete;

    // The signal that came, or 0 after `patience`.
    int wait(milliseconds patience) const {
        auto set = stop_signals();
        sigaddset(&set, SIGCHLD);
        const auto seconds = std::chrono::floor<std::chrono::seconds>(patience);
        const timespec limit{seconds.count(), std::chrono::nanoseconds{patience - seconds}.count()};
        return std::max(sigtimedwait(&set, nullptr, &limit), 0);
    }

  private:
    sigset_t before_{};
};

struct Worker {
    pid_t pid = 0;  // 0: dead, and due
    Clock::time_point born;
    Clock::time_point due;
    Respawn respawn;
};

[[noreturn]] void be_worker(pid_t parent, const WorkersSettings& settings, const std::function<int()>& work) {
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) std::_Exit(0);  // it died before we asked to be told
    int code = 1;
    try {
        code = work();
    } catch (const std::exception& error) {
        settings.report("worker " + std::to_string(getpid()) + ": " + error.what());
    }
    std::_Exit(code);
}

void spawn(Worker& worker, const WorkersSettings& settings, const std::function<int()>& work) {
    const pid_t parent = getpid();
    const pid_t pid = fork();
    if (pid == 0) be_worker(parent, settings, work);
    worker.born = Clock::now();
    if (pid > 0) {
        worker.pid = pid;
    } else {  // no memory, or too many processes: the same as a worker that dies at once
        worker.due = worker.born + worker.respawn.delay_after(milliseconds{0});
    }
}

std::string how_it_ended(int status) {
    return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                               : "exit " + std::to_string(WEXITSTATUS(status));
}

class Workers {
  public:
    Workers(const WorkersSettings& settings, const std::function<int()>& work)
        : settings_(settings), work_(work), workers_(settings.count) {}

    void spawn_due() {
        for (auto& worker : workers_) {
            if (worker.pid == 0 && worker.due <= Clock::now()) spawn(worker, settings_, work_);
        }
    }

    // Until the next one is due, a second at most.
    milliseconds patience() const {
        auto next = Clock::now() + std::chrono::seconds{1};
        for (const auto& worker : workers_) {
            if (worker.pid == 0) next = std::min(next, worker.due);
        }
        return std::max(std::chrono::ceil<milliseconds>(next - Clock::now()), milliseconds{0});
    }

    void reap(bool stopping) {
        int status = 0;
        for (pid_t pid = waitpid(-1, &status, WNOHANG); pid > 0; pid = waitpid(-1, &status, WNOHANG)) {
            const auto found = std::ranges::find(workers_, pid, &Worker::pid);
            if (found == workers_.end()) continue;
            found->pid = 0;
            const auto lived = std::chrono::floor<milliseconds>(Clock::now() - found->born);
            found->due = Clock::now() + found->respawn.delay_after(lived);
            if (stopping) continue;
            settings_.report("worker " + std::to_string(pid) + " ended (" + how_it_ended(status) + ") and is replaced");
        }
    }

    void signal_all(int signal) const {
        for (const auto& worker : workers_) {
            if (worker.pid > 0) kill(worker.pid, signal);
        }
    }

    void stop(const BlockedSignals& signals) {
        signal_all(SIGTERM);
        const auto deadline = Clock::now() + settings_.stop_deadline;
        bool killed = false;
        for (reap(true); any_alive(); reap(true)) {
            if (!killed && Clock::now() >= deadline) {
                signal_all(SIGKILL);
                killed = true;
            }
            signals.wait(milliseconds{100});
        }
    }

  private:
    bool any_alive() const {
        return std::ranges::any_of(workers_, [](const Worker& worker) { return worker.pid > 0; });
    }

    const WorkersSettings& settings_;
    const std::function<int()>& work_;
    std::vector<Worker> workers_;
};

}  // namespace

milliseconds Respawn::delay_after(milliseconds lived) {
    constexpr milliseconds long_enough{500};
    constexpr milliseconds first{50};
    constexpr milliseconds last{400};
    if (lived >= long_enough) next_ = milliseconds{0};
    const auto delay = next_;
    next_ = std::clamp(2 * next_, first, last);
    return delay;
}

int run_workers(const WorkersSettings& settings, const std::function<int()>& work) {
    const BlockedSignals signals;
    Workers workers{settings, work};
    for (;;) {
        workers.spawn_due();
        const int signal = signals.wait(workers.patience());
        if (signal == SIGTERM || signal == SIGINT) break;
        workers.reap(false);
    }
    workers.stop(signals);
    return 0;
}

void wait_for_stop() {
    const auto set = stop_signals();
    int signal = 0;
    while (sigwait(&set, &signal) != 0) {
    }
}

}  // namespace outrigger::app
