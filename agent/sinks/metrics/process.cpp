#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include "agent/sinks/metrics/own_families.h"

namespace outrigger::metrics {
namespace {

// Fields of /proc/self/stat after the command, which may hold spaces (proc(5): utime is field 14, of which the first
// after the command is field 3).
std::vector<double> read_stat() {
    std::ifstream file("/proc/self/stat");
    std::string line;
    std::getline(file, line);
    std::vector<double> out;
    const std::size_t command_end = line.rfind(')');
    if (command_end == std::string::npos || command_end + 4 > line.size()) return out;
    std::istringstream rest(line.substr(command_end + 4));  // ") S "
    for (double value = 0; rest >> value;) out.push_back(value);
    return out;
}

double read_boot_seconds() {
    std::ifstream file("/proc/stat");
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    }
    return 0;
}

double count_descriptors() {
    std::error_code error;
    double count = 0;
    for (std::filesystem::directory_iterator at("/proc/self/fd", error), end; !error && at != end;
         at.increment(error)) {
        ++count;
    }
    return count > 0 ? count - 1 : 0;  // the listing itself needs one
}

}  // namespace

ProcessFacts read_process() {
    // Of read_stat(): the fourth field of proc(5) is its first.
    constexpr std::size_t user_ticks = 10, system_ticks = 11, threads = 16, start_ticks = 18, virtual_bytes = 19,
                          resident_pages = 20;
    ProcessFacts out;
    const std::vector<double> stat = read_stat();
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    if (stat.size() > resident_pages) {
        out.cpu_seconds = (stat[user_ticks] + stat[system_ticks]) / ticks;
        out.start_seconds = read_boot_seconds() + stat[start_ticks] / ticks;
        out.virtual_bytes = stat[virtual_bytes];
        out.resident_bytes = stat[resident_pages] * static_cast<double>(sysconf(_SC_PAGESIZE));
        out.threads = stat[threads];
    }
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        out.greatest_descriptors = limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                                                   : static_cast<double>(limit.rlim_cur);
    }
    out.open_descriptors = count_descriptors();
    return out;
}

std::vector<prometheus::MetricFamily> process_families(const ProcessFacts& process) {
    std::vector<prometheus::MetricFamily> out;
    const auto add = [&](FamilyBuilder family, double value) { out.push_back(family.add(value).take()); };
    add(counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds."), process.cpu_seconds);
    add(gauge("process_open_fds", "Number of open file descriptors."), process.open_descriptors);
    add(gauge("process_max_fds", "Maximum number of open file descriptors."), process.greatest_descriptors);
    add(gauge("process_virtual_memory_bytes", "Virtual memory size in bytes."), process.virtual_bytes);
    add(gauge("process_resident_memory_bytes", "Resident memory size in bytes."), process.resident_bytes);
    add(gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds."),
        process.start_seconds);
    add(gauge("process_threads", "Number of OS threads in the process."), process.threads);
    return out;
}

}  // namespace outrigger::metrics
