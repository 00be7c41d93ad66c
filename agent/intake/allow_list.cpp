#include "agent/intake/allow_list.h"

#include <grp.h>
#include <pwd.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace outrigger::intake {

namespace {

constexpr std::int64_t minute_us = std::int64_t{60} * 1'000'000;
constexpr std::size_t most_members = 1024;

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t value) {
    return std::ranges::find(list, value) != list.end();
}

}  // namespace

AllowList::AllowList(std::vector<std::uint32_t> uids, std::vector<std::uint32_t> gids)
    : uids_(std::move(uids)), gids_(std::move(gids)) {}

bool AllowList::has_peer(int socket, uid_t uid, gid_t gid) const {
    if (names(uid, gid)) return true;
    if (gids_.empty()) return false;
    std::vector<gid_t> groups(64);
    auto length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    while (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length) != 0) {
        if (errno != ERANGE || length <= groups.size() * sizeof(gid_t)) return false;
        groups.resize(length / sizeof(gid_t));  // the kernel has said how many there are
    }
    groups.resize(length / sizeof(gid_t));
    return names_any(groups);
}

bool AllowList::has_owner(uid_t uid, gid_t gid, std::int64_t now_us) {
    if (names(uid, gid)) return true;
    if (gids_.empty()) return false;
    if (now_us - asked_us_ >= minute_us || now_us < asked_us_ || members_.size() >= most_members) {
        members_.clear();
        asked_us_ = now_us;
    }
    const auto [known, fresh] = members_.try_emplace(uid, false);
    if (fresh) known->second = is_member(uid);
    return known->second;
}

bool AllowList::names(uid_t uid, gid_t gid) const {
    return (uids_.empty() && gids_.empty()) || contains(uids_, uid) || contains(gids_, gid);
}

bool AllowList::names_any(const std::vector<gid_t>& groups) const {
    return std::ranges::any_of(groups, [this](gid_t group) { return contains(gids_, group); });
}

bool AllowList::is_member(uid_t uid) const {
    std::array<char, 4096> text;
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, text.data(), text.size(), &found) != 0 || found == nullptr) return false;
    std::vector<gid_t> groups(64);
    int count = static_cast<int>(groups.size());
    while (::getgrouplist(found->pw_name, found->pw_gid, groups.data(), &count) < 0) {
        if (count <= static_cast<int>(groups.size())) return false;
        groups.resize(static_cast<std::size_t>(count));
    }
    groups.resize(static_cast<std::size_t>(count));
    return names_any(groups);
}

}  // namespace outrigger::intake
