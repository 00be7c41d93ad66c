#include "tests/peers/fetched_tool.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "tests/integration/peers/build_folder.h"

namespace outrigger::peers {

bool has_tool(const std::string& path) {
    if (std::filesystem::exists(fetched(path.c_str()))) return true;
    const char* ci = std::getenv("CI");
    if (ci != nullptr && std::string_view(ci) == "true") {
        FAIL_CHECK("build/peers/" << path << " is missing: `tools/deps peers` brings it");
    } else {
        MESSAGE("SKIPPED, NOT TESTED: build/peers/" << path << " is missing; `tools/deps peers` brings it");
    }
    return false;
}

}  // namespace outrigger::peers
