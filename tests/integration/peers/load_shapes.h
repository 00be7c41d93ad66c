// The paths that a load asks for, in an order that is the same in each run.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace outrigger::peers {

// As many of each path as its number says, shuffled.
std::vector<std::string> mixed_paths(const std::vector<std::pair<std::string, int>>& shares);

// `count` paths, no two alike: /green?n=<from>, ...
std::vector<std::string> numbered_paths(int count, int from = 0);

}  // namespace outrigger::peers
