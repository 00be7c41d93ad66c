// libmicrohttpd, driven from outside: speaks HTTP on sockets that the Door accepted, and asks the routes for answers.
// Private to the Door; all calls come from its thread, but for construction and destruction.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/http/door.h"
#include "agent/http/guests.h"

struct MHD_Connection;
struct MHD_Daemon;

namespace outrigger::http {

// Ends the conversation; the daemon notices and closes.
void hang_up(std::span<const int> sockets);

// What is remembered of a request between its first line and its end.
struct Exchange {
    std::string query;
    bool headers_seen = false;
    bool answered = false;
};

class Daemon {
  public:
    Daemon(std::vector<Route> routes, const Limits& limits);
    ~Daemon();
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;

    // Takes the socket over.
    void add(int socket, const sockaddr_storage& peer, socklen_t peer_size, std::string address);
    // Does what can be done without waiting.
    void run();
    // Readable when run() has something to do.
    [[nodiscard]] int poll_fd() const;
    // nullopt: nothing to do until poll_fd() says so.
    [[nodiscard]] std::optional<std::chrono::milliseconds> due() const;

    [[nodiscard]] Guests& guests() { return guests_; }
    [[nodiscard]] const Guests& guests() const { return guests_; }
    // GET and HEAD of a path; what a handler throws becomes a 500.
    [[nodiscard]] Response answer(const Request& request) const;

    // Of each connection its request under way; libmicrohttpd does not tell of the end of every one.
    [[nodiscard]] std::unordered_map<const MHD_Connection*, Exchange>& exchanges() { return exchanges_; }

  private:
    std::vector<Route> routes_;
    std::unordered_map<const MHD_Connection*, Exchange> exchanges_;
    Guests guests_;
    MHD_Daemon* daemon_;
};

}  // namespace outrigger::http
