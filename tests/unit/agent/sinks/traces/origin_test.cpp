#include "agent/sinks/traces/origin.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/shared/temporary_folder.h"

using namespace outrigger;
using namespace outrigger::traces;

namespace {

const std::string id = "3726184226f5d3147c25fdeab5b60097e378e8a720503a5e19ecfdf29f869860";

}  // namespace

TEST_CASE("a container's id is at the end of a control group's path, however its runtime writes it") {
    struct Row {
        std::string cgroups, id;
    };
    const std::string task = "34dc0b5e626f2c5c4c5170e34b10e765-1234567890";
    const std::string uuid = "6f265890-5165-7fab-6b52-18d1c4f2a7b3";
    for (const Row& row : {
             Row{"13:name=systemd:/docker/" + id + "\n12:pids:/docker/" + id + "\n", id},
             Row{"0::/\n1:memory:/kubepods/besteffort/pod3d274242-8ee0-11e9-a8a6-1e68d864ef1a/" + id, id},
             Row{"0::/system.slice/docker-" + id + ".scope\n", id},
             Row{"0::/kubepods.slice/cri-containerd-" + id + ".scope\n", id},
             Row{"9:perf_event:/ecs/haissam-ecs-classic/5a0d5ceddf6c44c1928d367a815d890f/" + id, id},
             Row{"1:name=systemd:/ecs/34dc0b5e626f2c5c4c5170e34b10e765/" + task, task},
             Row{"1:name=systemd:/system.slice/garden.service/garden/" + uuid, uuid},
             Row{"0::/user.slice/user-1000.slice/session-3.scope\n", ""},
             Row{"0::/docker/" + id.substr(1), ""},
             Row{"0::/docker/" + id + "0", ""},
             Row{"0::/", ""},
             Row{"nonsense", ""},
             Row{"", ""},
         }) {
        CAPTURE(row.cgroups);
        CHECK(container_id_of(row.cgroups) == row.id);
    }
}

TEST_CASE("where no container is named, the control group's inode stands for it") {
    const test::TemporaryFolder folder;
    const std::filesystem::path root(folder.path());
    std::filesystem::create_directories(root / "proc/ns");
    std::filesystem::create_directories(root / "mount/pod/app");
    std::ofstream(root / "proc/ns/cgroup");
    std::ofstream(root / "proc/cgroup") << "1:memory:/\n0::/pod/app\n";
    struct stat status{};
    REQUIRE(::stat((root / "mount/pod/app").c_str(), &status) == 0);
    const auto found = find_origin(" it-false,cn-app ", root / "proc", root / "mount");
    CHECK(found.container_id.empty());
    CHECK(found.entity_id == "in-" + std::to_string(status.st_ino));
    CHECK(found.external_env == "it-false,cn-app");
    std::ofstream(root / "proc/cgroup") << "0::/docker/" + id + "\n";
    CHECK(find_origin("", root / "proc", root / "mount").container_id == id);
    CHECK(find_origin("", root / "proc", root / "mount").entity_id == "ci-" + id);
    CHECK(find_origin("a\r\nb: c", root / "nowhere", root / "mount").external_env.empty());
    CHECK(find_origin("", root / "nowhere", root / "mount").entity_id.empty());
}
