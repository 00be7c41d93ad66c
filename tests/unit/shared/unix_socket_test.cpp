#include "shared/unix_socket.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "tests/unit/shared/temporary_folder.h"

namespace outrigger {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

std::size_t names_in(const std::string& folder) {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

struct stat status_of(const std::string& path) {
    struct stat status{};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

// What a killed process leaves behind: a socket's name that nobody answers.
void leave_stale_socket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
}

}  // namespace

TEST_CASE("a listener has its mode and group, and connections know who is there") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/agent.sock";
    const UnixListener listener = listen_unix(path, 0620, ::getegid());
    CHECK(S_ISSOCK(status_of(path).st_mode));
    CHECK((status_of(path).st_mode & 07777) == 0620);
    CHECK(status_of(path).st_gid == ::getegid());
    CHECK(names_in(folder.path()) == 2);  // the socket and its lock, no temporary name

    const auto client = connect_unix(path);
    REQUIRE(client);
    const FileDescriptor server(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    REQUIRE(server);
    const auto peer = peer_credentials(server.get());
    REQUIRE(peer);
    CHECK(peer->uid == ::geteuid());
    CHECK(peer->gid == ::getegid());
    CHECK(peer->pid == ::getpid());
    char byte = 0;
    CHECK(::recv(client->get(), &byte, 1, 0) == -1);
    CHECK(errno == EAGAIN);  // non-blocking
    CHECK((::fcntl(client->get(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK((::fcntl(listener.fd(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(::accept(listener.fd(), nullptr, nullptr) == -1);
    CHECK(errno == EAGAIN);
}

TEST_CASE("a second agent is told so, and the first goes on") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/agent.sock";
    {
        const UnixListener first = listen_unix(path, 0660);
        CHECK_THROWS_AS(listen_unix(path, 0660), AlreadyOwned);
        CHECK(connect_unix(path).has_value());
        ::unlink(path.c_str());  // the lock counts, not the name
        CHECK_THROWS_AS(listen_unix(path, 0660), AlreadyOwned);
    }
    CHECK_FALSE(fs::exists(path));
    CHECK_FALSE(connect_unix(path).has_value());
    const UnixListener next = listen_unix(path, 0660);
    CHECK(connect_unix(path).has_value());
}

TEST_CASE("a stale socket is replaced, and what is not ours to replace is left") {
    const TemporaryFolder folder;
    const std::string stale = folder.path() + "/stale.sock";
    leave_stale_socket(stale);
    CHECK(connect_unix(stale).error().kind == ErrorKind::retry);
    const UnixListener listener = listen_unix(stale, 0660);
    CHECK(connect_unix(stale).has_value());

    const std::string file = folder.path() + "/file";
    std::ofstream(file) << "precious";
    CHECK_THROWS_AS(listen_unix(file, 0660), std::runtime_error);
    CHECK(fs::file_size(file) == 8);

    // somebody who listens without our lock
    const std::string other = folder.path() + "/other.sock";
    fs::create_symlink(stale, folder.path() + "/link.sock");
    fs::create_hard_link(stale, other);
    CHECK_THROWS_AS(listen_unix(other, 0660), AlreadyOwned);
    CHECK_THROWS_AS(listen_unix(folder.path() + "/link.sock", 0660), std::runtime_error);
    CHECK(connect_unix(other).has_value());
}

TEST_CASE("a socket that was deleted is there again, and what took its name is left alone") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/agent.sock";
    {
        UnixListener listener = listen_unix(path, 0620);
        CHECK(listener.look_after() == SocketName::ours);
        const int fd = listener.fd();
        REQUIRE(fs::remove(path));
        CHECK(listener.look_after() == SocketName::renewed);
        CHECK(listener.fd() == fd);
        CHECK((status_of(path).st_mode & 07777) == 0620);
        CHECK(names_in(folder.path()) == 2);
        const auto client = connect_unix(path);
        REQUIRE(client);
        CHECK(FileDescriptor(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC)));
        CHECK(listener.look_after() == SocketName::ours);

        REQUIRE(fs::remove(path));
        std::ofstream(path) << "mine";
        CHECK(listener.look_after() == SocketName::lost);
    }
    CHECK(fs::file_size(path) == 4);
}

TEST_CASE("paths that cannot be are refused with the path and what is accepted") {
    const TemporaryFolder folder;
    const std::string fits = folder.path() + "/" + std::string(socket_path_bytes - folder.path().size() - 1, 's');
    {
        const UnixListener listener = listen_unix(fits, 0660);
        CHECK(connect_unix(fits).has_value());
    }
    for (const std::string& path : {fits + "s", std::string(), folder.path() + "/nowhere/agent.sock"}) {
        CHECK_THROWS_WITH_AS(listen_unix(path, 0660), doctest::Contains(path.c_str()), std::runtime_error);
        REQUIRE_FALSE(connect_unix(path));
        const bool reachable = path.size() <= socket_path_bytes && !path.empty();
        CHECK(connect_unix(path).error().kind == (reachable ? ErrorKind::retry : ErrorKind::refuse));
    }
    CHECK_THROWS_WITH_AS(listen_unix(fits + "s", 0660), doctest::Contains("107"), std::runtime_error);
}

TEST_CASE("a send buffer is what the kernel gave") {
    const TemporaryFolder folder;
    const std::string path = folder.path() + "/agent.sock";
    const UnixListener listener = listen_unix(path, 0660);
    const auto client = connect_unix(path);
    REQUIRE(client);
    const std::size_t before = ask_for_send_buffer(client->get(), 8192);
    const std::size_t after = ask_for_send_buffer(client->get(), 65'536);
    CHECK(before >= 8192);
    CHECK(after >= 65'536);
    CHECK(ask_for_send_buffer(-1) == 0);
}

}  // namespace outrigger
