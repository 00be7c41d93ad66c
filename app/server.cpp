#include "app/server.h"

#include <httplib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <list>
#include <mutex>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace outrigger::app {
namespace {

// A Connection as cpp-httplib wants to see it.
class ConnectionStream : public httplib::Stream {
  public:
    ConnectionStream(Connection& connection, const std::function<std::string_view()>& head_lines)
        : connection_(connection), head_lines_(head_lines) {}

    bool is_readable() const override { return connection_.is_readable(); }
    bool is_writable() const override { return connection_.is_writable(); }
    ssize_t read(char* into, size_t size) override { return connection_.read(into, size); }
    ssize_t write(const char* data, size_t size) override {
        const std::string_view text(data, size);
        const std::size_t status_line = head_lines_ ? size_of_status_line(text) : 0;
        if (status_line == 0) return connection_.write(data, size);
        const std::string_view lines = head_lines_();
        if (connection_.write(data, status_line) < 0 || connection_.write(lines.data(), lines.size()) < 0 ||
            connection_.write(data + status_line, size - status_line) < 0)
            return -1;
        return static_cast<ssize_t>(size);
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override { to(connection_.peer(), ip, port); }
    void get_local_ip_and_port(std::string& ip, int& port) const override { to(connection_.local(), ip, port); }
    socket_t socket() const override { return connection_.fd(); }

  private:
    static void to(const Address& address, std::string& ip, int& port) {
        ip = address.host;
        port = address.port;
    }
    // 0 when this is not the head of an answer, which cpp-httplib writes in one piece and before anything else; the
    // one that tells the client to go on is none.
    std::size_t size_of_status_line(std::string_view text) {
        constexpr std::string_view version = "HTTP/1.1 ";
        if (head_written_ || !text.starts_with(version) || text.substr(version.size()).starts_with('1')) return 0;
        head_written_ = true;
        return text.find('\n') + 1;
    }

    Connection& connection_;
    const std::function<std::string_view()>& head_lines_;
    bool head_written_ = false;
};

class Http : public httplib::Server {
  public:
    // One request, answered into the connection. False: no further request can be read from it.
    bool answer(Connection& connection, bool last, const std::function<std::string_view()>& head_lines) {
        ConnectionStream stream{connection, head_lines};
        bool head_read = false;
        bool close_asked = false;
        const auto set_up = [&](httplib::Request& request) {
            head_read = true;
            request.ranges.clear();  // many ranges of one page would multiply it
            connection.begin_body();
        };
        const bool answered = process(*this, stream, connection, last, close_asked, set_up);
        // After a head that could not be read nobody knows where the next request begins.
        return connection.flush() && answered && head_read && !close_asked && !last;
    }

  private:
    // cpp-httplib asks the stream for the addresses; from 0.17 on it wants to be told them as well.
    template <class Self, class SetUp>
    static bool process(Self& self, httplib::Stream& stream, Connection& connection, bool last, bool& close_asked,
                        const SetUp& set_up) {
        if constexpr (requires { self.process_request(stream, last, close_asked, set_up); }) {
            return self.process_request(stream, last, close_asked, set_up);
        } else {
            const Address& peer = connection.peer();
            const Address& local = connection.local();
            return self.process_request(stream, peer.host, peer.port, local.host, local.port, last, close_asked,
                                        set_up);
        }
    }
};

// An answer without a body says at least what it is. After those that cpp-httplib gives to what it could not read to
// its end, the connection is closed.
httplib::Server::HandlerResponse name_the_error(const httplib::Request&, httplib::Response& response) {
    if (response.status == 400 || response.status == 413 || response.status == 414) {
        response.set_header("Connection", "close");
    }
    if (!response.body.empty()) return httplib::Server::HandlerResponse::Unhandled;
    const char* text = response.status == 404 ? "Not Found\n" : response.status < 500 ? "Bad Request\n" : "Error\n";
    response.set_content(text, "text/plain; charset=utf-8");
    return httplib::Server::HandlerResponse::Handled;
}

}  // namespace

class Server::State {
    using Threads = std::list<std::jthread>;

  public:
    explicit State(ServerSettings settings) : settings_(settings) {
        if (!stop_fd_) throw std::system_error(errno, std::generic_category(), "eventfd");
        http_.set_keep_alive_max_count(settings_.requests_a_connection);  // these two are what Keep-Alive: says
        http_.set_keep_alive_timeout(std::chrono::ceil<std::chrono::seconds>(settings_.connection.idle).count());
        http_.set_payload_max_length(settings_.connection.body_bytes);
        http_.set_error_handler(httplib::Server::HandlerWithResponse{name_the_error});
    }

    void start(int listening_fd) {
        listening_fd_ = listening_fd;
        const std::lock_guard lock{mutex_};
        start_thread();
    }

    void ask_to_stop() {
        stopping_ = true;
        eventfd_write(stop_fd_.get(), 1);
    }

    bool wait_for_threads(std::chrono::milliseconds deadline) {
        Threads left;  // joined when the lock is released
        std::unique_lock lock{mutex_};
        const bool all = all_left_.wait_for(lock, deadline, [this] { return at_work_.empty(); });
        left.swap(left_);
        return all;
    }

    Http http_;
    std::function<void(std::string_view)> arrived_;
    std::function<std::string_view()> head_lines_;

  private:
    void start_thread();  // mutex_ held
    void run(Threads::iterator self);
    FileDescriptor accept_one(sockaddr_storage& peer) const;
    void serve(FileDescriptor fd, const sockaddr_storage& peer);

    ServerSettings settings_;
    int listening_fd_ = -1;
    FileDescriptor stop_fd_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    std::atomic<bool> stopping_ = false;
    std::condition_variable all_left_;
    std::mutex mutex_;  // guards the three below
    Threads at_work_;
    Threads left_;          // need it no more, and are still to be joined
    std::size_t idle_ = 0;  // in accept(), or on the way there
};

void Server::State::start_thread() {
    const auto self = at_work_.emplace(at_work_.end());
    ++idle_;
    try {
        *self = std::jthread{[this, self] { run(self); }};
    } catch (const std::system_error&) {
        at_work_.erase(self);
        --idle_;
        if (at_work_.empty()) throw;
    }
}

// Each thread accepts for itself: nothing is handed over, a worker whose threads are all busy leaves new connections to
// the other workers, and the last one to leave accept() sees to it that somebody is there.
void Server::State::run(Threads::iterator self) {
    while (!stopping_) {
        sockaddr_storage peer{};
        auto fd = accept_one(peer);
        if (!fd) continue;
        {
            Threads left;  // joined when the lock is released
            const std::lock_guard lock{mutex_};
            if (--idle_ == 0 && at_work_.size() < settings_.threads) start_thread();
            left.swap(left_);
        }
        serve(std::move(fd), peer);
        const std::lock_guard lock{mutex_};
        ++idle_;
        if (idle_ > settings_.idle_threads) break;
    }
    const std::lock_guard lock{mutex_};
    --idle_;
    left_.splice(left_.end(), at_work_, self);
    all_left_.notify_all();
}

FileDescriptor Server::State::accept_one(sockaddr_storage& peer) const {
    socklen_t size = sizeof peer;
    FileDescriptor fd{accept4(listening_fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC)};
    if (!fd && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        std::this_thread::sleep_for(std::chrono::milliseconds{10});  // out of descriptors or memory: it may pass
    }
    return fd;
}

void Server::State::serve(FileDescriptor fd, const sockaddr_storage& peer) {
    Connection connection{std::move(fd), peer, settings_.connection};
    for (auto left = settings_.requests_a_connection; left > 0 && connection.wait_for_request(stop_fd_.get()); --left) {
        if (arrived_) arrived_(connection.peer().host);
        if (!http_.answer(connection, left == 1 || stopping_, head_lines_)) return;
    }
}

Server::Server(ServerSettings settings) : state_(std::make_unique<State>(settings)) {}

Server::~Server() {
    state_->ask_to_stop();
    while (!state_->wait_for_threads(std::chrono::seconds{1})) {
    }
}

httplib::Server& Server::http() { return state_->http_; }

void Server::on_arrival(std::function<void(std::string_view client)> callback) {
    state_->arrived_ = std::move(callback);
}

void Server::on_head(std::function<std::string_view()> callback) { state_->head_lines_ = std::move(callback); }

void Server::start(int listening_fd) { state_->start(listening_fd); }

bool Server::stop(std::chrono::milliseconds deadline) {
    state_->ask_to_stop();
    return state_->wait_for_threads(deadline);
}

}  // namespace outrigger::app
