#include "tests/peers/fetched_tool.h"

#include <filesystem>

#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/pass_over.h"

namespace outrigger::peers {

bool has_tool(const std::string& path) {
    if (std::filesystem::exists(fetched(path.c_str()))) return true;
    pass_over("build/peers/" + path + " is missing: `tools/deps peers` brings it");
    return false;
}

}  // namespace outrigger::peers
