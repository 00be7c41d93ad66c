// A parent process that keeps N workers alive: it forks them, replaces each that dies, and ends them together.
// Called by main, in a process that has no threads yet. The parent itself serves nothing.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace outrigger::app {

// How long to wait before a dead worker is replaced: not at all when it had worked for a while, then 50 ms, 100 ms, ...
// up to 400 ms while its successors die at once. Never more: a dead worker is replaced within a second.
class Respawn {
  public:
    std::chrono::milliseconds delay_after(std::chrono::milliseconds lived);

  private:
    std::chrono::milliseconds next_{0};
};

struct WorkersSettings {
    unsigned count = 5;
    std::chrono::milliseconds stop_deadline{10'000};  // then SIGKILL
    // Told of each worker that ended without being asked to, here or there.
    std::function<void(const std::string&)> report = [](const std::string&) {};
};

// Runs `work` in each worker with SIGTERM and SIGINT blocked; it returns the worker's exit code once wait_for_stop()
// did. A worker gets SIGTERM when the parent stops or dies. Returns 0 after SIGTERM or SIGINT, when all have ended.
int run_workers(const WorkersSettings& settings, const std::function<int()>& work);

// In a worker: returns when it should stop.
void wait_for_stop();

}  // namespace outrigger::app
