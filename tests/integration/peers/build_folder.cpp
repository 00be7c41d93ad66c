#include "tests/integration/peers/build_folder.h"

#include <cstdlib>
#include <string>

namespace outrigger::peers {
namespace {

std::filesystem::path build_folder() {
    const char* chosen = std::getenv("PROGRAM_FOLDER");
    return std::filesystem::absolute(chosen != nullptr ? chosen : "build");
}

}  // namespace

std::filesystem::path built(const char* program) { return build_folder() / program; }

std::filesystem::path fetched(const char* path) { return std::filesystem::absolute("build/peers") / path; }

bool sanitized() {
    const std::string flavour = build_folder().filename();
    return flavour == "asan" || flavour == "tsan";
}

}  // namespace outrigger::peers
