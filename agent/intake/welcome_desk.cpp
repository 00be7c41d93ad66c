#include "agent/intake/welcome_desk.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace outrigger::intake {

namespace {

FileDescriptor spare() { return FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t value) {
    return std::ranges::find(list, value) != list.end();
}

}  // namespace

WelcomeDesk::WelcomeDesk(int listener, std::vector<std::uint32_t> allow_uids, std::vector<std::uint32_t> allow_gids,
                         Counters& counters)
    : listener_(listener),
      allow_uids_(std::move(allow_uids)),
      allow_gids_(std::move(allow_gids)),
      counters_(counters),
      reserve_(spare()) {}

std::optional<Guest> WelcomeDesk::next(int& turns) {
    while (turns-- > 0) {
        FileDescriptor fd = accept_one();
        if (fd.get() < 0) return std::nullopt;
        ucred peer{};
        socklen_t length = sizeof(peer);
        if (::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) continue;
        if (!allowed(fd.get(), peer.uid, peer.gid)) {
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

bool WelcomeDesk::allowed(int fd, std::uint32_t uid, std::uint32_t gid) const {
    if (allow_uids_.empty() && allow_gids_.empty()) return true;
    if (contains(allow_uids_, uid) || contains(allow_gids_, gid)) return true;
    if (allow_gids_.empty()) return false;
    std::vector<gid_t> groups(64);
    auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    while (::getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) != 0) {
        if (errno != ERANGE || length <= groups.size() * sizeof(gid_t)) return false;
        groups.resize(length / sizeof(gid_t));  // the kernel has said how many there are
    }
    groups.resize(length / sizeof(gid_t));
    return std::ranges::any_of(groups, [this](gid_t group) { return contains(allow_gids_, group); });
}

}  // namespace outrigger::intake
