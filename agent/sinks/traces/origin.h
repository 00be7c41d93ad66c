// Where this process runs, as Datadog's agent wants to hear it, so that it can tag traces with their container: read
// from what the kernel says of our control groups. Used by topology, once at start; the first two functions are pure.
// Source: https://github.com/DataDog/dd-trace-cpp/blob/HEAD/src/datadog/platform_util.cpp
#pragma once

#include <string>
#include <string_view>

namespace outrigger::traces {

// Each empty when it is not known.
struct Origin {
    std::string container_id;  // header Datadog-Container-ID
    std::string entity_id;     // header Datadog-Entity-ID: ci-<container id>, else in-<inode of the control group>
    std::string external_env;  // header Datadog-External-Env: what Kubernetes' admission controller said
};

// Of the text of /proc/self/cgroup: 64 hex digits, a task of ECS, or a UUID, at the end of a path.
std::string container_id_of(std::string_view cgroups);
// The path of the control group of version 2, as seen from its mount; empty: there is none.
std::string unified_path_of(std::string_view cgroups);

// `external_env`: of DD_EXTERNAL_ENV; what no header can carry is passed over. `proc` and `mount` are for tests.
Origin find_origin(std::string_view external_env, const std::string& proc = "/proc/self",
                   const std::string& mount = "/sys/fs/cgroup");

}  // namespace outrigger::traces
