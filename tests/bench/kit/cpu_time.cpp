#include "tests/bench/kit/cpu_time.h"

#include <ctime>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace outrigger::bench {
namespace {

double read(clockid_t clock) {
    timespec now{};
    if (::clock_gettime(clock, &now) != 0) throw std::runtime_error("no such clock: the process is gone");
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

double scheduled_seconds(const std::filesystem::path& task) {
    double nanoseconds = 0;
    std::ifstream(task / "schedstat") >> nanoseconds;
    return nanoseconds / 1e9;
}

double status_mib(pid_t process, std::string_view key) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(key)) return std::stod(line.substr(key.size() + 1)) / 1024;
    throw std::runtime_error("no status of process " + std::to_string(process));
}

}  // namespace

double wall_seconds() { return read(CLOCK_MONOTONIC); }
double process_seconds() { return read(CLOCK_PROCESS_CPUTIME_ID); }
double thread_seconds() { return read(CLOCK_THREAD_CPUTIME_ID); }

double process_seconds(pid_t process) {
    clockid_t clock{};
    if (::clock_getcpuclockid(process, &clock) != 0)
        throw std::runtime_error("process " + std::to_string(process) + " is gone");
    return read(clock);
}

double thread_seconds(std::string_view name) {
    double sum = 0;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string its_name;
        std::getline(std::ifstream(task.path() / "comm"), its_name);
        if (its_name == name) sum += scheduled_seconds(task.path());
    }
    return sum;
}

double backend_seconds(long process) { return scheduled_seconds("/proc/" + std::to_string(process)); }

double resident_mib(pid_t process) { return status_mib(process, "VmRSS:"); }
double greatest_resident_mib(pid_t process) { return status_mib(process, "VmHWM:"); }

}  // namespace outrigger::bench
