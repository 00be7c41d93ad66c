#include "agent/sinks/traces/wire.h"

#include <httplib.h>

#include <atomic>
#include <optional>

#include "agent/sinks/traces/connect.h"

namespace outrigger::traces {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds longest_connect{2};

// What a peer may send for one request: no more than so many bytes, and nothing after the deadline.
class LimitedStream final : public httplib::Stream {
  public:
    LimitedStream(httplib::Stream& stream, std::size_t cap, Clock::time_point deadline)
        : stream_(stream), left_(cap), deadline_(deadline) {}

    bool is_readable() const override { return stream_.is_readable(); }
    bool is_writable() const override { return Clock::now() < deadline_ && stream_.is_writable(); }
    ssize_t read(char* bytes, std::size_t size) override {
        if (left_ == 0 || Clock::now() >= deadline_) return -1;
        const ssize_t count = stream_.read(bytes, std::min(size, left_));
        if (count > 0) left_ -= static_cast<std::size_t>(count);
        return count;
    }
    ssize_t write(const char* bytes, std::size_t size) override {
        return Clock::now() < deadline_ ? stream_.write(bytes, size) : -1;
    }
    void get_remote_ip_and_port(std::string& ip, int& port) const override { stream_.get_remote_ip_and_port(ip, port); }
    void get_local_ip_and_port(std::string& ip, int& port) const override { stream_.get_local_ip_and_port(ip, port); }
    socket_t socket() const override { return stream_.socket(); }

  private:
    httplib::Stream& stream_;
    std::size_t left_;
    Clock::time_point deadline_;
};

std::string host_header(const Target& target) { return target.path.empty() ? to_text(target) : "localhost"; }

httplib::Headers headers_of(const TracesSettings& settings) {
    httplib::Headers headers = {{"Host", host_header(settings.target)},
                                {"Datadog-Meta-Lang", "cpp"},
                                {"Datadog-Meta-Lang-Version", std::to_string(__cplusplus)},
                                {"Datadog-Meta-Lang-Interpreter", "g++-" + std::to_string(__GNUC__)},
                                {"Datadog-Meta-Tracer-Version", settings.own_version}};
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) headers.emplace(name, value);
    };
    add("Datadog-Container-ID", settings.origin.container_id);
    add("Datadog-Entity-ID", settings.origin.entity_id);
    add("Datadog-External-Env", settings.origin.external_env);
    return headers;
}

}  // namespace

class Wire::Client final : public httplib::ClientImpl {
  public:
    explicit Client(const TracesSettings& settings)
        : ClientImpl(settings.target.path.empty() ? settings.target.host : settings.target.path,
                     settings.target.path.empty() ? settings.target.port : 80),
          target_(settings.target),
          name_(settings.target.host, settings.target.port, settings.lookup),
          limit_(settings.time_limit),
          headers_(headers_of(settings)) {
        set_keep_alive(true);
        set_decompress(false);
        set_read_timeout(limit_);
        set_write_timeout(limit_);
    }

    const httplib::Headers& common_headers() const { return headers_; }

    std::expected<Reply, std::string> exchange(const httplib::Request& request) {
        const bool kept_connection = is_socket_open() != 0;
        auto reply = exchange_once(request);
        // A kept connection may have been closed by the peer just now: that says nothing of the peer.
        if (!reply && kept_connection && !cut_ && Clock::now() < deadline_) reply = exchange_once(request);
        return reply;
    }

    void cut() {
        cut_ = true;
        stop();
    }

  private:
    std::expected<Reply, std::string> exchange_once(httplib::Request request) {
        if (cut_) return std::unexpected("stopped");
        deadline_ = Clock::now() + limit_;
        Reply reply;
        bool whole = false;
        request.response_handler = [&](const httplib::Response& response) {
            reply.status = response.status;
            reply.rates_version = response.get_header_value("Datadog-Rates-Payload-Version");
            return true;
        };
        request.content_receiver = [&](const char* bytes, std::size_t count, std::uint64_t, std::uint64_t) {
            reply.body.append(bytes, count);
            return true;
        };
        const auto result = httplib::ClientImpl::send(request);
        whole = static_cast<bool>(result);
        if (!whole) stop();
        if (reply.status == 0) return std::unexpected(why(result.error()));
        if (!whole) reply.body.clear();  // the status came, and says all that matters
        return reply;
    }

    std::string why(httplib::Error error) const {
        if (error != httplib::Error::Connection && Clock::now() >= deadline_)
            return "no answer within " + std::to_string(std::chrono::ceil<std::chrono::seconds>(limit_).count()) + " s";
        if (error == httplib::Error::Connection) return connect_problem_;
        return error == httplib::Error::Write ? "the connection broke while sending" : "no answer that HTTP knows";
    }

    bool create_and_connect_socket(Socket& socket, httplib::Error& error) override {
        auto made = connect_to(target_, name_, std::min<std::chrono::milliseconds>(limit_, longest_connect),
                               [this] { return cut_.load(); });
        if (made) {
            socket.sock = made->release();
            return true;
        }
        connect_problem_ = made.error();
        error = httplib::Error::Connection;
        return false;
    }

    bool process_socket(const Socket& socket, std::function<bool(httplib::Stream&)> callback) override {
        return httplib::detail::process_client_socket(socket.sock, read_timeout_sec_, read_timeout_usec_,
                                                      write_timeout_sec_, write_timeout_usec_,
                                                      [&](httplib::Stream& stream) {
                                                          LimitedStream limited(stream, reply_cap_bytes, deadline_);
                                                          return callback(limited);
                                                      });
    }

    const Target target_;
    sinks::NameLookup name_;
    std::string connect_problem_;
    const std::chrono::milliseconds limit_;
    const httplib::Headers headers_;
    Clock::time_point deadline_;
    std::atomic<bool> cut_{false};
};

Wire::Wire(const TracesSettings& settings) : client_(std::make_unique<Client>(settings)) {}

Wire::~Wire() = default;

std::expected<Reply, std::string> Wire::send(std::string_view body, std::size_t traces,
                                             const std::string& rates_version) {
    httplib::Request request;
    request.method = "POST";
    request.path = "/v0.4/traces";
    request.headers = client_->common_headers();
    request.headers.emplace("Content-Type", "application/msgpack");
    request.headers.emplace("X-Datadog-Trace-Count", std::to_string(traces));
    // Otherwise an agent that is overloaded answers 200 and drops what it was sent.
    request.headers.emplace("Datadog-Send-Real-Http-Status", "true");
    request.headers.emplace("Datadog-Client-Computed-Top-Level", "yes");
    if (!rates_version.empty()) request.headers.emplace("Datadog-Rates-Payload-Version", rates_version);
    // As a body it would be copied for each attempt: megabytes a second, of memory that is new each time.
    request.content_length_ = body.size();
    request.content_provider_ = [body](std::size_t offset, std::size_t count, httplib::DataSink& sink) {
        return sink.write(body.data() + offset, count);
    };
    return client_->exchange(request);
}

std::expected<Reply, std::string> Wire::ask() {
    httplib::Request request;
    request.method = "GET";
    request.path = "/info";
    request.headers = client_->common_headers();
    return client_->exchange(request);
}

void Wire::cut() { client_->cut(); }

}  // namespace outrigger::traces
