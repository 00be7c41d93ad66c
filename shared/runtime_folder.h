// Where socket and rings live when no path is given: the usual places, in one order for agent and emitter. Used by both
// at start and at each attempt. The environment is an argument.
#pragma once

#include <sys/types.h>

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "shared/error.h"

namespace outrigger {

inline constexpr std::string_view socket_name = "agent.sock";

// /run/outrigger, $XDG_RUNTIME_DIR/outrigger (when that is an absolute path), /dev/shm/outrigger-<uid>.
std::vector<std::string> runtime_folders(std::optional<std::string_view> xdg_runtime_dir, uid_t uid);

// Makes the folder (its parent must be there), 0755, or takes the one that is there. An error says why it is no place
// for us: it cannot be made or written, or is not to be trusted (see is_trusted).
std::expected<void, Error> make_folder(const std::string& folder, uid_t uid);

// Where anybody may make names (/dev/shm), a folder must be ours: neither another user's nor a link to elsewhere.
bool is_trusted(const std::string& folder, uid_t uid);

// The agent's search: the first of `folders` that can be made and lies on tmpfs. The error names each and why not.
std::expected<std::string, Error> find_runtime_folder(std::span<const std::string> folders, uid_t uid);

// False also for what is not there.
bool on_tmpfs(const std::string& path);

std::string rings_folder(std::string_view socket_path);  // <socket>.rings

// Makes the folder of the rings, 2770, so that ring files belong to its group, whoever makes them. An emitter that came
// first may have made it, as another user: what is as it should be is left alone.
std::expected<void, Error> make_rings_folder(const std::string& folder, std::optional<gid_t> group);

}  // namespace outrigger
