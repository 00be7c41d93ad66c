#include "tests/faults/strace.h"

#include <chrono>
#include <fstream>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/system_calls.h"

namespace outrigger::faults {
namespace {

using namespace std::chrono_literals;

bool is_traced(pid_t process) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("TracerPid:")) return line.find_first_of("123456789") != std::string::npos;
    return true;  // it is gone: nobody need wait
}

std::uint64_t lines_with(const std::string& log, const char* sign) {
    std::ifstream calls(log);
    std::uint64_t count = 0;
    for (std::string line; std::getline(calls, line);) count += line.find(sign) != std::string::npos ? 1 : 0;
    return count;
}

}  // namespace

Strace::Strace(pid_t process, const std::string& injection) {
    const std::string calls = injection.substr(0, injection.find(':'));
    process_ = std::make_unique<peers::Process>(
        peers::Launch{.arguments = {"strace", "-f", "-qq", "-s", "0", "-o", folder_ / "calls", "-e", "trace=" + calls,
                                    "-e", "signal=none", "-e", "inject=" + injection, "-p", std::to_string(process)},
                      .environment = {},
                      .folder = folder_.path(),
                      .name = "strace"});
    peers::eventually(5s, [&] { return is_traced(process) || !process_->running(); });
}

// SIGTERM lets it take its hands off first: whoever is killed while it is traced would stay stopped.
Strace::~Strace() {
    process_->send(SIGTERM);
    process_->wait(5s);
}

std::uint64_t Strace::injected() const { return injected(folder_ / "calls"); }

std::uint64_t Strace::injected(const std::string& log) { return lines_with(log, "(INJECTED)"); }

std::uint64_t Strace::seen() const { return lines_with(folder_ / "calls", "("); }

std::vector<std::string> Strace::before(const std::string& injection, const std::string& log) {
    const std::string calls = injection.substr(0, injection.find(':'));
    return {"strace", "-D",
            "-f",     "-qq",
            "-s",     "0",
            "-o",     log,
            "-e",     "trace=" + calls,
            "-e",     "signal=none",
            "-e",     "inject=" + injection};
}

std::string Strace::unavailable() { return peers::SystemCalls::unavailable().value_or(""); }

}  // namespace outrigger::faults
