#include "shared/emitter/ring_file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <fstream>

#include "tests/unit/shared/emitter/memory_folder.h"
#include "tests/unit/shared/emitter/ring_content.h"

using namespace outrigger;
using outrigger::test::MemoryFolder;
using outrigger::test::RingContent;

namespace {

Hello hello_of(std::uint8_t id) {
    Hello hello;
    hello.identity.emitter.fill(id);
    hello.identity.service = "shop";
    hello.identity.pid = 42;
    return hello;
}

// Runs in a forked process and says whether it held; the child never returns into the tests.
template <class Check>
bool in_child(Check check) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(check() ? 0 : 1);
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool lock_is_free(const std::string& path) {
    return in_child([&] {
        const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
        struct flock lock{};
        lock.l_type = F_WRLCK;
        return file >= 0 && ::fcntl(file, F_SETLK, &lock) == 0;
    });
}

mode_t mode_of(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

std::size_t files_in(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

const std::string name = "07070707070707070707070707070707.ring";

}  // namespace

TEST_CASE("a ring is a whole file under its emitter's name, locked while its process lives") {
    MemoryFolder temporary;
    const std::string folder = temporary / "agent.sock.rings";
    const mode_t before = ::umask(077);
    auto file = RingFile::make(folder, hello_of(7), ring::least_bytes);
    ::umask(before);
    REQUIRE(file.has_value());
    const std::string path = folder + "/" + name;
    CHECK(mode_of(folder) == 02770);
    CHECK(mode_of(path) == 0660);
    CHECK(std::filesystem::file_size(path) == ring::header_bytes + ring::least_bytes);
    CHECK(files_in(folder) == 1);
    CHECK_FALSE(lock_is_free(path));
    file->reset();
    CHECK(lock_is_free(path));

    const RingContent content = RingContent::read(path);
    CHECK(content.emitter == hello_of(7).identity.emitter);
    CHECK(content.hello.identity.service == "shop");
    CHECK(content.hello.identity.pid == 42);
    CHECK(content.hello.ring == name);
    CHECK(content.first == 1);
    CHECK(content.next == 1);
}

TEST_CASE("a forked child does not hold its parent's lock, and cannot touch the ring") {
    MemoryFolder temporary;
    const std::string folder = temporary / "rings";
    auto file = RingFile::make(folder, hello_of(7), ring::least_bytes).value();
    const pid_t child = ::fork();
    if (child == 0) {
        ::signal(SIGSEGV, SIG_DFL);
        file->ring().count_drop(DropReason::other);
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status));
    CHECK(file->ring().drop_totals()[static_cast<std::size_t>(DropReason::other)] == 0);
    CHECK_FALSE(lock_is_free(folder + "/" + name));
}

TEST_CASE("a ring takes a fresh id with everything that is in it") {
    MemoryFolder temporary;
    auto file = RingFile::make(temporary / "rings", hello_of(7), ring::least_bytes).value();
    const auto slot = file->ring().reserve(5);
    std::memcpy(slot->record, "event", 5);
    file->ring().publish(*slot, {slot->record, 5});
    file->take_id(hello_of(9).identity.emitter);
    file.reset();
    const RingContent content = RingContent::read(temporary / ("rings/" + name));
    CHECK(content.emitter == hello_of(9).identity.emitter);
    CHECK(content.hello.identity.emitter == hello_of(9).identity.emitter);
    CHECK(content.hello.identity.service == "shop");
    REQUIRE(content.entries.size() == 1);
    CHECK(content.entries[0].number == 1);
    CHECK(content.entries[0].record == "event");
}

TEST_CASE("a ring that cannot be made says why and leaves nothing behind") {
    MemoryFolder temporary;
    SUBCASE("no folder to make it in") {
        CHECK_FALSE(RingFile::make(temporary / "absent/rings", hello_of(7), ring::least_bytes).has_value());
    }
    SUBCASE("the folder is a link to elsewhere") {
        std::filesystem::create_directory(temporary / "elsewhere");
        std::filesystem::create_directory_symlink(temporary / "elsewhere", temporary / "rings");
        CHECK_FALSE(RingFile::make(temporary / "rings", hello_of(7), ring::least_bytes).has_value());
        CHECK(files_in(temporary / "elsewhere") == 0);
    }
    SUBCASE("no room for the whole file") {
        CHECK(in_child([&] {
            ::signal(SIGXFSZ, SIG_IGN);
            const struct rlimit little{.rlim_cur = 8192, .rlim_max = 8192};
            ::setrlimit(RLIMIT_FSIZE, &little);
            return !RingFile::make(temporary / "rings", hello_of(7), ring::least_bytes).has_value();
        }));
        CHECK(files_in(temporary / "rings") == 0);
    }
    SUBCASE("as many of one user as there may be") {
        std::filesystem::create_directory(temporary / "rings");
        for (std::size_t i = 0; i + 1 < limits::rings_of_one_uid; ++i)
            std::ofstream(temporary / ("rings/" + std::to_string(i) + ".ring"));
        CHECK(RingFile::make(temporary / "rings", hello_of(7), ring::least_bytes).has_value());
        const auto refused = RingFile::make(temporary / "rings", hello_of(8), ring::least_bytes);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().kind == ErrorKind::retry);
    }
}
