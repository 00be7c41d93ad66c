#include "shared/runtime_folder.h"

#include <doctest/doctest.h>
#include <grp.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/shared/temporary_folder.h"

namespace outrigger {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

mode_t mode_of(const std::string& path) {
    struct stat status{};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("the usual places, in order") {
    using Folders = std::vector<std::string>;
    CHECK(runtime_folders("/run/user/7", 7) ==
          Folders{"/run/outrigger", "/run/user/7/outrigger", "/dev/shm/outrigger-7"});
    for (const auto& absent : {std::optional<std::string_view>(), std::optional<std::string_view>(""),
                               std::optional<std::string_view>("relative")}) {
        CHECK(runtime_folders(absent, 0) == Folders{"/run/outrigger", "/dev/shm/outrigger-0"});
    }
}

TEST_CASE("a folder is made once, open to those whom the socket's mode admits") {
    const TemporaryFolder parent;
    const std::string folder = parent.path() + "/outrigger";
    const mode_t umask_before = ::umask(077);
    CHECK(make_folder(folder, ::geteuid()).has_value());
    ::umask(umask_before);
    CHECK(mode_of(folder) == 0755);
    CHECK(make_folder(folder, ::geteuid()).has_value());
    CHECK_FALSE(make_folder(parent.path() + "/a/b", ::geteuid()).has_value());
    std::ofstream(parent.path() + "/file") << "";
    CHECK_FALSE(make_folder(parent.path() + "/file", ::geteuid()).has_value());
}

TEST_CASE("where anybody may make names, another user's folder and a link are not trusted") {
    const TemporaryFolder parent;
    const std::string folder = parent.path() + "/outrigger";
    fs::create_directory(folder);
    fs::create_directory_symlink(folder, parent.path() + "/link");
    const uid_t me = ::geteuid();

    CHECK(is_trusted(folder, me));
    CHECK(is_trusted(folder, me + 1));
    CHECK(is_trusted(parent.path() + "/link", me));

    REQUIRE(::chmod(parent.path().c_str(), 01777) == 0);
    CHECK(is_trusted(folder, me));
    CHECK_FALSE(is_trusted(folder, me + 1));
    CHECK_FALSE(is_trusted(parent.path() + "/link", me));
    CHECK_FALSE(make_folder(folder, me + 1).has_value());
    CHECK_FALSE(make_folder(parent.path() + "/link", me).has_value());
    CHECK_FALSE(is_trusted(parent.path() + "/absent", me));
}

TEST_CASE("the search takes the first place on tmpfs that can be made, and says why not the others") {
    if (!on_tmpfs("/dev/shm")) return;
    const TemporaryFolder memory("/dev/shm");
    const uid_t me = ::geteuid();
    const std::vector<std::string> folders = {memory.path() + "/a/b", "/proc/self", memory.path() + "/first",
                                              memory.path() + "/second"};
    CHECK(find_runtime_folder(folders, me) == memory.path() + "/first");
    CHECK_FALSE(fs::exists(memory.path() + "/second"));

    const auto nowhere = find_runtime_folder(std::span(folders).first(2), me);
    REQUIRE_FALSE(nowhere);
    CHECK(nowhere.error().what.contains(memory.path() + "/a/b: cannot be made"));
    CHECK(nowhere.error().what.contains("/proc/self: "));
}

TEST_CASE("what is not there, or on another file system, is not on tmpfs") {
    CHECK_FALSE(on_tmpfs("/proc"));
    CHECK_FALSE(on_tmpfs("/dev/shm/outrigger-absent/agent.sock"));
}

TEST_CASE("rings lie beside the socket, in a folder that gives them its group") {
    const TemporaryFolder parent;
    const std::string folder = rings_folder(parent.path() + "/agent.sock");
    CHECK(folder == parent.path() + "/agent.sock.rings");
    REQUIRE(make_rings_folder(folder, ::getegid()).has_value());
    CHECK(mode_of(folder) == 02770);
    REQUIRE(::chmod(folder.c_str(), 0777) == 0);
    CHECK(make_rings_folder(folder, std::nullopt).has_value());
    CHECK(mode_of(folder) == 02770);

    fs::create_directory(parent.path() + "/elsewhere");
    fs::create_directory_symlink(parent.path() + "/elsewhere", parent.path() + "/link.rings");
    CHECK_FALSE(make_rings_folder(parent.path() + "/link.rings", std::nullopt).has_value());
}

TEST_CASE("a folder of rings that another user made, as it should be, is taken as it is") {
    const TemporaryFolder parent;
    const std::string folder = rings_folder(parent.path() + "/agent.sock");
    REQUIRE(make_rings_folder(folder, ::getegid()).has_value());
    // Not its owner, nor root, who may set everything.
    const pid_t child = ::fork();
    if (child == 0) {
        const bool other =
            ::getuid() != 0 || (::chmod(parent.path().c_str(), 0755) == 0 &&
                                ::chown(folder.c_str(), 12345, 54321) == 0 && ::chmod(folder.c_str(), 02770) == 0 &&
                                ::setgid(54321) == 0 && ::setgroups(0, nullptr) == 0 && ::setuid(54321) == 0);
        if (!other) ::_exit(2);
        ::_exit(make_rings_folder(folder, ::getegid()).has_value() ? 0 : 1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

}  // namespace outrigger
