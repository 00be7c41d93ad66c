// A cpp-httplib server that workers can share a port with: cpp-httplib parses, routes and answers; the sockets are
// ours. Its own loop would shut the shared listening socket down for all workers on stop, polls idle connections, and
// knows no limit on the bytes of a head. A thread for each connection, made on demand; main starts and stops it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>

#include "app/connection.h"

namespace httplib {
class Server;
}

namespace outrigger::app {

struct ServerSettings {
    std::size_t threads = 256;     // connections served at once; more wait in the listening socket's queue
    std::size_t idle_threads = 8;  // who have no connection; more of them leave
    std::size_t requests_a_connection = 1'000'000;
    ConnectionLimits connection;
};

class Server {
  public:
    explicit Server(ServerSettings settings = {});
    ~Server();  // stops and waits for what is being answered
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    httplib::Server& http();  // for routes and hooks, before start

    // Called when the first byte of a request is there, with the client's address, on the thread that will serve it.
    void on_arrival(std::function<void(std::string_view client)> callback);

    // Asked when the head of an answer is written, on the same thread: header lines, each with its line end, that go
    // behind the status line.
    void on_head(std::function<std::string_view()> callback);

    void start(int listening_fd);  // borrowed, until the destructor returns
    // Accepts no more, closes idle connections, lets what is being answered end. True when all ended in time.
    bool stop(std::chrono::milliseconds deadline);

  private:
    class State;
    std::unique_ptr<State> state_;
};

}  // namespace outrigger::app
