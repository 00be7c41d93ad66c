#include "tests/faults/crowd.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <stdexcept>

namespace outrigger::faults {
namespace {

constexpr unsigned most_clients = 2048;
constexpr std::string_view line = R"({"status":200,"duration_us":1,"path":"/crowd)";

// Behind a fork: system calls only. Whoever is sent away comes again.
[[noreturn]] void be_a_crowd(const sockaddr_un& address, unsigned clients, peers::User user) {
    static std::array<int, most_clients> sockets;
    sockets.fill(-1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
    if (::setgroups(0, nullptr) != 0 || ::setgid(user.gid) != 0 || ::setuid(user.uid) != 0) ::_exit(1);
    for (std::size_t round = 0;; ++round) {
        for (unsigned i = 0; i < clients; ++i) {
            if (sockets[i] < 0) {
                sockets[i] = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
                if (::connect(sockets[i], reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
                    ::close(sockets[i]);
                    sockets[i] = -1;
                    continue;
                }
            }
            if (::send(sockets[i], &line[round % line.size()], 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1) continue;
            ::close(sockets[i]);
            sockets[i] = -1;
        }
        ::usleep(200'000);
    }
}

}  // namespace

Crowd::Crowd(const std::string& socket, unsigned clients, peers::User user) {
    if (clients > most_clients) throw std::invalid_argument("too many");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.copy(address.sun_path, sizeof address.sun_path - 1);
    process_ = ::fork();
    if (process_ < 0) throw std::runtime_error("no fork");
    if (process_ == 0) be_a_crowd(address, clients, user);
}

Crowd::~Crowd() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

}  // namespace outrigger::faults
