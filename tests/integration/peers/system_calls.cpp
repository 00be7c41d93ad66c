#include "tests/integration/peers/system_calls.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include "tests/integration/peers/eventually.h"

namespace outrigger::peers {
namespace {

using namespace std::chrono_literals;

// Of one thread, from lines such as `recvfrom(9, "GET / HTT"..., 8192, MSG_DONTWAIT, NULL, NULL) = 74`; those of
// signals and of the end begin otherwise.
std::map<std::string, long> count_calls(const std::string& log) {
    std::map<std::string, long> calls;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        const std::size_t name = line.find('(');
        if (name != std::string::npos && name > 0 && line[0] >= 'a' && line[0] <= 'z') ++calls[line.substr(0, name)];
    }
    return calls;
}

bool has_ended(const std::string& log) {
    return log.find("+++ exited with") != std::string::npos || log.find("+++ killed by") != std::string::npos;
}

std::vector<std::string> logs_in(const std::filesystem::path& folder) {
    std::vector<std::string> logs;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().filename().string().starts_with("calls.")) logs.push_back(read_whole(entry.path()));
    }
    return logs;
}

}  // namespace

std::optional<std::string> SystemCalls::unavailable() {
    const TemporaryFolder folder;
    const Finished tried = run({.arguments = {"strace", "-qq", "-o", folder / "calls", "true"},
                                .environment = {},
                                .folder = folder.path(),
                                .name = "strace"},
                               20s);
    if (tried.status == 0) return std::nullopt;
    return tried.errors.empty() ? "strace ends with " + std::to_string(tried.status) : tried.errors;
}

std::vector<std::string> SystemCalls::command() const {
    std::vector<std::string> command = {"strace", "-D", "-ff", "-s", "8", "-o", folder_ / "calls"};
    // Who is traced cannot look for its own leaks.
    if (const char* options = std::getenv("ASAN_OPTIONS"))
        command.insert(command.end(), {"-E", "ASAN_OPTIONS=" + std::string(options) + ":detect_leaks=0"});
    return command;
}

std::map<std::string, long> SystemCalls::of_threads_that_called(const std::string& sign) const {
    std::vector<std::string> logs;
    const bool whole = eventually(20s, [&] {
        logs = logs_in(folder_.path());
        return !logs.empty() && std::ranges::all_of(logs, has_ended);
    });
    if (!whole) throw std::runtime_error("strace has not written to the end");
    std::map<std::string, long> total;
    for (const std::string& log : logs) {
        auto calls = count_calls(log);
        if (calls.erase(sign) == 0) continue;
        for (const auto& [name, count] : calls) total[name] += count;
    }
    return total;
}

}  // namespace outrigger::peers
