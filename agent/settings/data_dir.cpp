#include "agent/settings/data_dir.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <vector>

namespace outrigger::settings {
namespace {

std::string absolute_path_in(const Environment& environment, std::string_view name) {
    const auto found = environment.find(name);
    // The XDG specification says to ignore a relative path.
    return found != environment.end() && found->second.starts_with('/') ? found->second : std::string();
}

}  // namespace

std::string choose_data_dir(const Surroundings& surroundings) {
    std::vector<std::string> candidates = {"/var/lib/outrigger"};
    const auto state = absolute_path_in(surroundings.environment, "XDG_STATE_HOME");
    if (!state.empty()) candidates.push_back(state + "/outrigger");
    const auto home = absolute_path_in(surroundings.environment, "HOME");
    if (!home.empty()) candidates.push_back(home + "/.local/state/outrigger");
    for (const auto& candidate : candidates) {
        if (surroundings.may_hold_data(candidate)) return candidate;
    }
    return candidates.front();
}

bool may_hold_data(const std::string& directory) {
    std::error_code error;
    std::filesystem::path nearest = directory;
    while (nearest.has_relative_path() && !std::filesystem::exists(nearest, error)) nearest = nearest.parent_path();
    if (!std::filesystem::is_directory(nearest, error)) return false;
    return access(nearest.c_str(), W_OK | X_OK) == 0 || errno != EACCES;
}

}  // namespace outrigger::settings
