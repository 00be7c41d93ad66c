#include "tests/bench/kit/instructions.h"

#include <chrono>
#include <fstream>
#include <stdexcept>

#include "tests/integration/peers/process.h"

namespace outrigger::bench {

std::optional<std::string> Instructions::unavailable() {
    const peers::TemporaryFolder folder;
    const Instructions counter;
    std::vector<std::string> arguments = counter.command();
    arguments.emplace_back("true");
    const auto tried =
        peers::run({.arguments = arguments, .environment = {}, .folder = folder.path(), .name = "valgrind"},
                   std::chrono::seconds(60));
    if (tried.status == 0) return std::nullopt;
    return "valgrind ends with " + std::to_string(tried.status) + " " + tried.errors;
}

std::vector<std::string> Instructions::command() const {
    return {"valgrind", "--tool=callgrind", "-q", "--callgrind-out-file=" + (folder_ / "counted").string()};
}

double Instructions::total() const {
    std::ifstream counted(folder_ / "counted");
    constexpr std::string_view key = "totals: ";
    for (std::string line; std::getline(counted, line);)
        if (line.starts_with(key)) return std::stod(line.substr(key.size()));
    throw std::runtime_error("valgrind has counted nothing");
}

}  // namespace outrigger::bench
