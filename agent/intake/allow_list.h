// Who may send, by --allow-uids and --allow-gids: asked for connections and for the rings of dead processes alike.
// Intake's thread alone.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <vector>

namespace outrigger::intake {

class AllowList {
  public:
    // With both empty everyone is on it: whom the socket's mode and the folder's admit.
    AllowList(std::vector<std::uint32_t> uids, std::vector<std::uint32_t> gids);

    // Who is at the other end of a connection, with all groups of that process.
    bool has_peer(int socket, uid_t uid, gid_t gid) const;
    // Whose file this is. The rings' folder gives its own group to what is made in it, so the groups that the user
    // database gives the owner count, too; asked at most once a minute for each.
    bool has_owner(uid_t uid, gid_t gid, std::int64_t now_us);

  private:
    bool names(uid_t uid, gid_t gid) const;
    bool names_any(const std::vector<gid_t>& groups) const;
    bool is_member(uid_t uid) const;

    std::vector<std::uint32_t> uids_, gids_;
    std::map<uid_t, bool> members_;  // as last asked
    std::int64_t asked_us_ = 0;      // the first of them
};

}  // namespace outrigger::intake
