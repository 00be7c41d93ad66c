#include "app/workers.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <vector>

using namespace outrigger::app;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// For what happens at once unless the machine is very busy.
constexpr milliseconds plenty{60'000};

// A parent with its workers, in processes of their own. Each worker says its pid when it begins, and holds the pipe
// open: the pipe's end is the end of the last of them.
class Family {
  public:
    explicit Family(unsigned count, bool die_at_once = false) {
        std::array<int, 2> ends{};
        REQUIRE(pipe(ends.data()) == 0);
        parent_ = fork();
        if (parent_ == 0) {
            close(ends[0]);
            close(STDERR_FILENO);  // what it says of its dead is not for this terminal
            _exit(run_workers({.count = count, .stop_deadline = plenty}, [&] {
                const pid_t self = getpid();
                if (write(ends[1], &self, sizeof self) != sizeof self) return 1;
                if (die_at_once) return 3;
                wait_for_stop();
                return 0;
            }));
        }
        close(ends[1]);
        pipe_ = ends[0];
    }

    ~Family() {
        if (parent_ > 0) kill(parent_, SIGKILL);
        if (parent_ > 0) waitpid(parent_, nullptr, 0);
        close(pipe_);
    }
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;

    // The next worker that began, or nothing when none did in time, or when all are gone.
    std::optional<pid_t> next_worker(milliseconds patience) const {
        pollfd one{pipe_, POLLIN, 0};
        if (poll(&one, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
        pid_t pid = 0;
        return read(pipe_, &pid, sizeof pid) == sizeof pid ? std::optional{pid} : std::nullopt;
    }

    std::vector<pid_t> workers(unsigned count) const {
        std::vector<pid_t> pids;
        while (pids.size() < count) {
            const auto pid = next_worker(plenty);
            REQUIRE(pid);
            pids.push_back(*pid);
        }
        return pids;
    }

    bool all_gone(milliseconds patience) const {
        pollfd one{pipe_, POLLIN, 0};
        pid_t pid = 0;
        return poll(&one, 1, static_cast<int>(patience.count())) > 0 && read(pipe_, &pid, sizeof pid) == 0;
    }

    void signal(int number) const { kill(parent_, number); }

    int exit_status() {
        int status = 0;
        REQUIRE(waitpid(parent_, &status, 0) == parent_);
        parent_ = 0;
        return status;
    }

  private:
    pid_t parent_ = 0;
    int pipe_ = -1;
};

}  // namespace

TEST_CASE("a worker that had lived is replaced at once, one that dies young ever later, never after a second") {
    Respawn respawn;
    struct Row {
        int lived_ms;
        int delay_ms;
    };
    constexpr Row table[] = {{0, 0},   {0, 50},  {10, 100}, {499, 200}, {0, 400},
                             {0, 400}, {0, 400}, {500, 0},  {0, 50},    {60'000, 0}};
    for (const auto& row : table) {
        CHECK(respawn.delay_after(milliseconds{row.lived_ms}) == milliseconds{row.delay_ms});
    }
}

TEST_CASE("a killed worker is replaced within a second, the others live on") {
    const Family family{3};
    auto alive = family.workers(3);
    auto took = steady_clock::duration::max();
    for (int attempt = 0; attempt < 3 && took > milliseconds{1'000};
         ++attempt) {  // one late answer may be the machine's
        const auto killed = alive[1];
        const auto killed_at = steady_clock::now();
        kill(killed, SIGKILL);
        const auto successor = family.next_worker(plenty);
        took = steady_clock::now() - killed_at;
        REQUIRE(successor);
        CHECK(std::ranges::find(alive, *successor) == alive.end());
        CHECK(kill(alive[0], 0) == 0);
        CHECK(kill(alive[2], 0) == 0);
        CHECK_FALSE(family.next_worker(milliseconds{0}));
        alive[1] = *successor;
    }
    CHECK(took < milliseconds{1'000});
}

TEST_CASE("SIGTERM and SIGINT end the workers and then the parent, in good order") {
    for (const int number : {SIGTERM, SIGINT}) {
        Family family{3};
        family.workers(3);
        family.signal(number);
        CHECK(family.all_gone(plenty));
        const int status = family.exit_status();
        CHECK(WIFEXITED(status));
        CHECK(WEXITSTATUS(status) == 0);
    }
}

TEST_CASE("workers do not outlive a parent that was killed") {
    const Family family{2};
    family.workers(2);
    family.signal(SIGKILL);
    CHECK(family.all_gone(plenty));
}

TEST_CASE("workers that die at once are not replaced in a hot loop") {
    const auto begun = steady_clock::now();
    const Family family{1, true};
    family.workers(5);  // after waits of 0, 50, 100 and 200 ms
    CHECK(steady_clock::now() - begun >= milliseconds{350});
}
