#include "agent/intake/welcome_desk.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace outrigger::intake {

namespace {

FileDescriptor spare() { return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

WelcomeDesk::WelcomeDesk(int listener, const AllowList& allowed, Counters& counters)
    : listener_(listener), allowed_(allowed), counters_(counters), reserve_(spare()) {}

std::optional<Guest> WelcomeDesk::next(int& turns) {
    while (turns-- > 0) {
        FileDescriptor fd = accept_one();
        if (fd.get() < 0) return std::nullopt;
        ucred peer{};
        socklen_t length = sizeof(peer);
        if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) continue;
        if (!allowed_.has_peer(fd.get(), peer.uid, peer.gid)) {
            counters_.turned_away_peer.fetch_add(1, std::memory_order_relaxed);
            continue;
        }
        return Guest{std::move(fd), peer.uid};
    }
    return std::nullopt;
}

FileDescriptor WelcomeDesk::accept_one() {
    while (true) {
        FileDescriptor fd(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.get() >= 0 || errno == EAGAIN || errno == EWOULDBLOCK) return fd;
        if (errno == EINTR || errno == ECONNABORTED) continue;
        if ((errno != EMFILE && errno != ENFILE) || reserve_.get() < 0) return fd;
        reserve_ = FileDescriptor();
        const FileDescriptor turned_away(::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        const bool somebody = turned_away.get() >= 0;
        if (somebody) counters_.turned_away_full.fetch_add(1, std::memory_order_relaxed);
        reserve_ = spare();
        if (!somebody) return {};
    }
}

}  // namespace outrigger::intake
