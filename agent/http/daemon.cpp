#include "agent/http/daemon.h"

#include <microhttpd.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace outrigger::http {

namespace {

using Clock = std::chrono::steady_clock;

// Of a body that is made while it is sent: enough to keep the peer busy, and still in the cache when it is sent.
constexpr std::size_t piece_bytes = 256UL * 1024;

int socket_of(MHD_Connection* connection) {
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
}

std::string_view header(MHD_Connection* connection, const char* name) {
    const char* value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
    return value == nullptr ? std::string_view() : std::string_view(value);
}

bool declares_body(MHD_Connection* connection) {
    const std::string_view length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);
    return !(length.empty() || length == "0") || !header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING).empty();
}

enum class After { keep, close };

ssize_t read_source(void* source, std::uint64_t, char* into, std::size_t bytes) {
    try {
        return static_cast<ssize_t>(static_cast<BodySource*>(source)->read({into, bytes}));
    } catch (...) {
        return MHD_CONTENT_READER_END_WITH_ERROR;  // out of memory: the peer sees that something is missing
    }
}

MHD_Response* make_response(std::unique_ptr<BodySource> source) {
    MHD_Response* made = MHD_create_response_from_callback(source->size(), piece_bytes, read_source, source.get(),
                                                           [](void* owned) { delete static_cast<BodySource*>(owned); });
    if (made != nullptr) [[maybe_unused]]
        const BodySource* owned_by_callback = source.release();
    return made;
}

MHD_Response* make_response(std::string text) {
    auto body = std::make_unique<std::string>(std::move(text));
    MHD_Response* made = MHD_create_response_from_buffer_with_free_callback_cls(
        body->size(), body->data(), [](void* owned) { delete static_cast<std::string*>(owned); }, body.get());
    if (made != nullptr) [[maybe_unused]]
        const std::string* owned_by_callback = body.release();
    return made;
}

MHD_Result send(MHD_Connection* connection, Response response, After after) {
    MHD_Response* made =
        response.source ? make_response(std::move(response.source)) : make_response(std::move(response.body));
    if (made == nullptr) return MHD_NO;
    MHD_add_response_header(made, MHD_HTTP_HEADER_CONTENT_TYPE, response.content_type.c_str());
    MHD_add_response_header(made, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(made, "X-Content-Type-Options", "nosniff");
    if (response.status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(made, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (response.status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(made, MHD_HTTP_HEADER_RETRY_AFTER, "1");
    if (after == After::close) MHD_add_response_header(made, MHD_HTTP_HEADER_CONNECTION, "close");
    const MHD_Result queued = MHD_queue_response(connection, static_cast<unsigned>(response.status), made);
    MHD_destroy_response(made);
    return queued;
}

MHD_Result refuse(MHD_Connection* connection, unsigned status, std::string why) {
    return send(connection, Response{.status = static_cast<int>(status), .body = std::move(why)}, After::close);
}

MHD_Result answer_get(Daemon& daemon, MHD_Connection* connection, const Request& request, bool with_body) {
    Response response = daemon.answer(request);
    const std::size_t held = response.source ? response.source->held_bytes() + piece_bytes : response.body.size();
    const std::size_t bytes = with_body ? held : 0;
    const auto room = daemon.guests().make_room_for_answer(bytes, Clock::now());
    if (!room) return refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too many answers are being sent, try again\n");
    hang_up(*room);
    daemon.guests().begin_answer(socket_of(connection), bytes, Clock::now());
    return send(connection, std::move(response), After::keep);
}

// Called when a request line was read, before its headers; the result comes back as `context`.
void* on_request_line(void* self, const char* uri, MHD_Connection* connection) {
    const std::string_view text(uri);
    const std::size_t mark = text.find('?');
    try {
        auto& exchange = static_cast<Daemon*>(self)->exchanges()[connection];
        exchange = {std::string(mark == text.npos ? std::string_view() : text.substr(mark + 1))};
        return &exchange;
    } catch (...) {
        return nullptr;  // out of memory
    }
}

// Called when the headers are there, and again when the request is whole.
MHD_Result on_request(void* self, MHD_Connection* connection, const char* path, const char* method, const char*,
                      const char*, std::size_t* upload_size, void** context) {
    auto* exchange = static_cast<Exchange*>(*context);
    if (exchange == nullptr) return MHD_NO;
    Daemon& daemon = *static_cast<Daemon*>(self);
    const std::string_view verb(method);
    const bool get = verb == MHD_HTTP_METHOD_GET;
    try {
        if (!get && verb != MHD_HTTP_METHOD_HEAD) {
            exchange->answered = true;
            daemon.guests().turn_away(Away::method);
            return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are understood here\n");
        }
        // Answered before a byte of it is read, and the connection closed: what follows is never taken for a request.
        if (declares_body(connection)) {
            exchange->answered = true;
            daemon.guests().turn_away(Away::body);
            return refuse(connection, MHD_HTTP_CONTENT_TOO_LARGE, "a request here has no body\n");
        }
        if (!std::exchange(exchange->headers_seen, true)) return MHD_YES;
        *upload_size = 0;
        exchange->answered = true;
        const Request request{path, exchange->query, header(connection, MHD_HTTP_HEADER_ACCEPT),
                              daemon.guests().turned_away()};
        return answer_get(daemon, connection, request, get);
    } catch (...) {
        return MHD_NO;  // out of memory: this connection ends, the door stays
    }
}

void on_end(void* self, MHD_Connection* connection, void** context, MHD_RequestTerminationCode) {
    Daemon& daemon = *static_cast<Daemon*>(self);
    const auto* exchange = static_cast<const Exchange*>(std::exchange(*context, nullptr));
    const bool answered = exchange != nullptr && exchange->answered;
    daemon.exchanges().erase(connection);
    daemon.guests().end_request(socket_of(connection), answered, Clock::now());
}

void on_connection(void* self, MHD_Connection* connection, void**, MHD_ConnectionNotificationCode what) {
    if (what != MHD_CONNECTION_NOTIFY_CLOSED) return;
    Daemon& daemon = *static_cast<Daemon*>(self);
    daemon.exchanges().erase(connection);
    daemon.guests().leave(socket_of(connection));
}

}  // namespace

void hang_up(std::span<const int> sockets) {
    for (const int socket : sockets) ::shutdown(socket, SHUT_RDWR);
}

Daemon::Daemon(std::vector<Route> routes, const Limits& limits) : routes_(std::move(routes)), guests_(limits) {
    // Twice the connections, since those shown out are still there until the next run().
    daemon_ = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, nullptr, nullptr, on_request, this,  //
                               MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.header_bytes,                          //
                               MHD_OPTION_CONNECTION_LIMIT, static_cast<unsigned>(2 * limits.connections + 16),  //
                               MHD_OPTION_CONNECTION_TIMEOUT, 0U,                                                //
                               MHD_OPTION_STRICT_FOR_CLIENT, 1,                                                  //
                               MHD_OPTION_URI_LOG_CALLBACK, on_request_line, this,                               //
                               MHD_OPTION_NOTIFY_COMPLETED, on_end, this,                                        //
                               MHD_OPTION_NOTIFY_CONNECTION, on_connection, this,                                //
                               MHD_OPTION_END);
    if (daemon_ == nullptr) throw std::runtime_error("the HTTP server does not start: out of memory or descriptors");
}

Daemon::~Daemon() { MHD_stop_daemon(daemon_); }

void Daemon::add(int socket, const sockaddr_storage& peer, socklen_t peer_size, std::string address) {
    guests_.enter(socket, std::move(address), Clock::now());
    // Closes the socket when it fails.
    if (MHD_add_connection(daemon_, socket, reinterpret_cast<const sockaddr*>(&peer), peer_size) != MHD_YES)
        guests_.leave(socket);
}

void Daemon::run() { MHD_run(daemon_); }

int Daemon::poll_fd() const { return MHD_get_daemon_info(daemon_, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd; }

std::optional<std::chrono::milliseconds> Daemon::due() const {
    MHD_UNSIGNED_LONG_LONG milliseconds = 0;
    if (MHD_get_timeout(daemon_, &milliseconds) != MHD_YES) return std::nullopt;
    return std::chrono::milliseconds(milliseconds);
}

Response Daemon::answer(const Request& request) const {
    const auto route = std::ranges::find(routes_, request.path, &Route::path);
    if (route == routes_.end()) {
        std::string paths;
        for (const Route& known : routes_) paths += (paths.empty() ? "" : ", ") + known.path;
        return {.status = MHD_HTTP_NOT_FOUND, .body = "nothing here; there is " + paths + "\n"};
    }
    try {
        return route->handler(request);
    } catch (...) {
        return {.status = MHD_HTTP_INTERNAL_SERVER_ERROR, .body = "this answer could not be made\n"};
    }
}

}  // namespace outrigger::http
