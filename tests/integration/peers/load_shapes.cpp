#include "tests/integration/peers/load_shapes.h"

#include <algorithm>
#include <random>

namespace outrigger::peers {

std::vector<std::string> mixed_paths(const std::vector<std::pair<std::string, int>>& shares) {
    std::vector<std::string> paths;
    for (const auto& [path, count] : shares) paths.insert(paths.end(), static_cast<std::size_t>(count), path);
    std::ranges::shuffle(paths, std::mt19937(1));  // NOLINT(bugprone-random-generator-seed): the same in each run
    return paths;
}

std::vector<std::string> numbered_paths(int count, int from) {
    std::vector<std::string> paths;
    for (int i = 0; i < count; ++i) paths.push_back("/green?n=" + std::to_string(from + i));
    return paths;
}

}  // namespace outrigger::peers
