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

#include "tests/unit/shared/emitter/as_user.h"
#include "tests/unit/shared/emitter/memory_folder.h"
#include "tests/unit/shared/emitter/ring_content.h"

using namespace outrigger;
using outrigger::test::AsUser;
using outrigger::test::is_root;
using outrigger::test::MemoryFolder;
using outrigger::test::RingContent;
using outrigger::test::stranger;

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

// As the agent asks, in another process.
bool read_lock_is_free(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct flock lock{};
    lock.l_type = F_RDLCK;
    return file >= 0 && ::fcntl(file, F_OFD_SETLK, &lock) == 0;
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
    CHECK(mode_of(path) == 0640);
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

TEST_CASE("a member of the folder's group reads a ring, sees whether its process lives, and cannot write or cut it" *
          doctest::skip(!is_root())) {
    MemoryFolder temporary;
    const std::string folder = temporary / "rings";
    REQUIRE(::mkdir(folder.c_str(), 02770) == 0);
    REQUIRE(::chown(folder.c_str(), 0, stranger) == 0);
    REQUIRE(::chmod(folder.c_str(), 02770) == 0);
    ::chmod(temporary.path().c_str(), 0755);
    auto file = RingFile::make(folder, hello_of(7), ring::least_bytes).value();
    const std::string path = folder + "/" + name;
    const auto as_stranger = [&](auto check) {
        return in_child([&] {
            const AsUser other(stranger, stranger);
            return check();
        });
    };
    CHECK(as_stranger([&] { return ::truncate(path.c_str(), 0) != 0 && errno == EACCES; }));
    CHECK(as_stranger([&] { return ::open(path.c_str(), O_WRONLY | O_TRUNC) < 0 && errno == EACCES; }));
    CHECK(as_stranger([&] { return !read_lock_is_free(path) && errno == EAGAIN; }));
    const auto slot = file->ring().reserve(5);
    REQUIRE(slot);
    std::memcpy(slot->record, "event", 5);
    file->ring().publish(*slot, {slot->record, 5});
    file.reset();
    CHECK(as_stranger([&] { return read_lock_is_free(path); }));
    CHECK(as_stranger([&] { return ::unlink(path.c_str()) == 0; }));
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
    SUBCASE("as many of all users as there may be, of whom none counts for more than its own rings") {
        if (!is_root()) return;
        std::filesystem::create_directory(temporary / "rings");
        const auto leave = [&](uid_t user, std::size_t count) {
            for (std::size_t i = 0; i < count; ++i) {
                const std::string file =
                    temporary / ("rings/" + std::to_string(user) + "-" + std::to_string(i) + ".ring");
                std::ofstream(file).flush();
                REQUIRE(::chown(file.c_str(), user, 0) == 0);
            }
        };
        leave(stranger, limits::rings);
        CHECK(RingFile::make(temporary / "rings", hello_of(7), ring::least_bytes).has_value());
        for (uid_t user = 1; user <= 3; ++user) leave(user, limits::rings_of_one_uid);
        CHECK_FALSE(RingFile::make(temporary / "rings", hello_of(8), ring::least_bytes).has_value());
    }
}
