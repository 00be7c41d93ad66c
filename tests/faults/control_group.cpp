#include "tests/faults/control_group.h"

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace outrigger::faults {
namespace {

std::filesystem::path root_of(const std::string& kind) { return "/sys/fs/cgroup/" + kind; }

}  // namespace

ControlGroup::ControlGroup(const std::string& kind) : parent_(root_of(kind)) {
    static std::atomic<int> number{0};
    path_ = parent_ / ("outrigger-faults-" + std::to_string(::getpid()) + "-" + std::to_string(++number));
    std::error_code error;
    std::filesystem::create_directory(path_, error);
    if (error || !std::filesystem::exists(path_ / "cgroup.procs"))
        throw std::runtime_error(path_.string() + ": " + (error ? error.message() : "no control group of version 1"));
}

ControlGroup::~ControlGroup() {
    std::ifstream inside(path_ / "cgroup.procs");
    std::vector<std::string> processes;
    for (std::string process; inside >> process;) processes.push_back(process);
    for (const auto& process : processes) std::ofstream(parent_ / "cgroup.procs") << process;
    for (int i = 0; i < 100 && ::rmdir(path_.c_str()) != 0; ++i) ::usleep(10'000);
}

void ControlGroup::set(const std::string& name, const std::string& value) const {
    std::ofstream file(path_ / name);
    file << value << std::flush;
    if (!file) throw std::runtime_error((path_ / name).string() + ": " + value + " is refused");
}

std::string ControlGroup::get(const std::string& name) const {
    std::ifstream file(path_ / name);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

void ControlGroup::take(pid_t process) const { set("cgroup.procs", std::to_string(process)); }

std::string ControlGroup::unavailable(const std::string& kind) {
    try {
        const ControlGroup tried(kind);
        return "";
    } catch (const std::exception& error) {
        return error.what();
    }
}

}  // namespace outrigger::faults
