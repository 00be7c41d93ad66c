#include "shared/emitter/agent_places.h"

#include <filesystem>
#include <utility>

#include "shared/runtime_folder.h"

namespace outrigger {
namespace {

std::string socket_in(const std::string& folder) { return folder + "/" + std::string(socket_name); }

bool is_there(const std::string& path) {
    std::error_code unknown;
    return std::filesystem::exists(path, unknown);
}

}  // namespace

AgentPlaces AgentPlaces::at(std::string socket) { return {std::move(socket), {}, 0}; }

AgentPlaces AgentPlaces::in(std::vector<std::string> folders, uid_t uid) { return {{}, std::move(folders), uid}; }

AgentPlaces::AgentPlaces(std::string socket, std::vector<std::string> folders, uid_t uid)
    : socket_(std::move(socket)), folders_(std::move(folders)), uid_(uid) {}

std::vector<std::string> AgentPlaces::sockets() const {
    if (!socket_.empty()) return {socket_};
    std::vector<std::string> found;
    for (const std::string& folder : folders_) {
        if (is_trusted(folder, uid_)) found.push_back(socket_in(folder));
    }
    return found;
}

std::vector<std::string> AgentPlaces::ring_folders() const {
    if (!socket_.empty()) return {rings_folder(socket_)};
    std::vector<std::string> found;
    for (const std::string& socket : sockets()) {
        if (is_there(socket)) found.push_back(rings_folder(socket));
    }
    for (const std::string& folder : folders_) {
        if (!is_there(socket_in(folder)) && make_folder(folder, uid_) && on_tmpfs(folder))
            found.push_back(rings_folder(socket_in(folder)));
    }
    return found;
}

}  // namespace outrigger
