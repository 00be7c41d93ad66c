#include "tests/bench/kit/idle_reader.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include "tests/bench/kit/cpu_time.h"

namespace outrigger::bench {
namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

// Between fork and exit: system calls only.
[[noreturn]] void read_all(int socket, int done, std::chrono::microseconds pause) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    static char room[256 * 1024];
    const auto sleep = static_cast<useconds_t>(pause.count());
    ssize_t got = 1;
    while (got > 0) {
        got = ::recv(socket, room, sizeof room, 0);
        if (sleep > 0 && got > 0) ::usleep(sleep);
    }
    const double taken = thread_seconds();
    [[maybe_unused]] const auto said = ::write(done, &taken, sizeof taken);
    ::_exit(0);
}

}  // namespace

IdleReader::IdleReader(Kind kind, std::chrono::microseconds pause) {
    int ends[2], done[2];
    // A pair of datagram sockets would not say when the other end is gone.
    const int type = (kind == Kind::stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC;
    if (::socketpair(AF_UNIX, type, 0, ends) != 0 || ::pipe2(done, O_CLOEXEC) != 0)
        throw std::system_error(errno, std::generic_category(), "socketpair");
    ours_.reset(ends[0]);
    done_.reset(done[0]);
    process_ = ::fork();
    if (process_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
    if (process_ == 0) {
        ::close(ends[0]);
        read_all(ends[1], done[1], pause);
    }
    ::close(ends[1]);
    ::close(done[1]);
}

IdleReader::~IdleReader() {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
}

void IdleReader::send(std::string_view bytes) const {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(ours_.get(), bytes.data(), std::min(bytes.size(), piece_bytes), MSG_NOSIGNAL);
        if (sent <= 0) throw std::system_error(errno, std::generic_category(), "the reader hangs up");
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

double IdleReader::finish() {
    ours_.reset();
    double taken = 0;
    if (::read(done_.get(), &taken, sizeof taken) != sizeof taken) throw std::runtime_error("the reader died");
    return taken;
}

}  // namespace outrigger::bench
