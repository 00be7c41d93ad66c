#include "agent/sinks/traces/origin.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "shared/text.h"

namespace outrigger::traces {

namespace {

constexpr ino_t host_cgroup_namespace = 0xEFFFFFFB;

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_number(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// 8-4-4-4-12 of ECS and Garden, with '-' or '_'.
bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool separator = i == 8 || i == 13 || i == 18 || i == 23;
        if (separator ? text[i] != '-' && text[i] != '_' : !is_hex(text.substr(i, 1))) return false;
    }
    return true;
}

// 32 hex digits, '-', a number: Fargate.
bool is_task(std::string_view text) {
    return text.size() > 33 && text[32] == '-' && is_hex(text.substr(0, 32)) && is_number(text.substr(33));
}

bool is_container_id(std::string_view text) {
    return (text.size() == 64 && is_hex(text)) || is_uuid(text) || is_task(text);
}

// The last component of a path: the id itself, or `<runtime>-<id>`.
std::string_view id_in(std::string_view path) {
    std::string_view name = path.substr(path.find_last_of('/') + 1);
    if (name.ends_with(".scope")) name.remove_suffix(6);
    for (std::string_view left = name; !left.empty(); take_until(left, '-'))
        if (is_container_id(left)) return left;
    return {};
}

std::string content_of(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::optional<ino_t> inode_of(const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return std::nullopt;
    return status.st_ino;
}

// In the host's own namespace the control group says nothing of a container.
std::string entity_of(const std::string& container_id, std::string_view cgroups, const std::string& proc,
                      const std::string& mount) {
    if (!container_id.empty()) return "ci-" + container_id;
    const std::string path = unified_path_of(cgroups);
    if (path.empty() || inode_of(proc + "/ns/cgroup") == host_cgroup_namespace) return {};
    const auto inode = inode_of(mount + path);
    return inode && *inode > 2 ? "in-" + std::to_string(*inode) : "";
}

}  // namespace

std::string container_id_of(std::string_view cgroups) {
    while (!cgroups.empty())
        if (const auto id = id_in(take_until(cgroups, '\n')); !id.empty()) return std::string(id);
    return {};
}

std::string unified_path_of(std::string_view cgroups) {
    while (!cgroups.empty()) {
        const std::string_view line = take_until(cgroups, '\n');
        if (line.starts_with("0::/")) return std::string(line.substr(3));
    }
    return {};
}

Origin find_origin(std::string_view external_env, const std::string& proc, const std::string& mount) {
    const std::string cgroups = content_of(proc + "/cgroup");
    Origin origin;
    origin.container_id = container_id_of(cgroups);
    origin.entity_id = entity_of(origin.container_id, cgroups, proc, mount);
    const auto printable = [](char c) { return c >= 0x20 && c <= 0x7e; };
    if (std::ranges::all_of(external_env, printable)) origin.external_env = trim(external_env);
    return origin;
}

}  // namespace outrigger::traces
