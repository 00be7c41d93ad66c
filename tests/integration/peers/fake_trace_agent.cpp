#include "tests/integration/peers/fake_trace_agent.h"

#include <httplib.h>

#include <msgpack.hpp>
#include <span>
#include <stdexcept>

namespace outrigger::peers {
namespace {

std::span<const msgpack::object> elements(const msgpack::object& array) {
    return {array.via.array.ptr, array.via.array.size};
}

template <typename Value>
Value value_of(const msgpack::object& span, const std::string& key) {
    for (const auto& [name, value] : std::span(span.via.map.ptr, span.via.map.size))
        if (name.template as<std::string>() == key) return value.template as<Value>();
    return {};
}

template <typename Value>
std::map<std::string, Value> map_of(const msgpack::object& span, const std::string& key) {
    return value_of<std::map<std::string, Value>>(span, key);
}

}  // namespace

FakeTraceAgent::FakeTraceAgent(int port) : server_(std::make_unique<httplib::Server>()) {
    port_ = port == 0 ? server_->bind_to_any_port("127.0.0.1") : port;
    if (port != 0 && !server_->bind_to_port("127.0.0.1", port)) throw std::runtime_error("the port is taken");
    serve();
}

FakeTraceAgent::FakeTraceAgent(const std::string& unix_socket) : server_(std::make_unique<httplib::Server>()) {
    server_->set_address_family(AF_UNIX);
    if (!server_->bind_to_port(unix_socket, 80)) throw std::runtime_error("the socket cannot be bound");
    serve();
}

void FakeTraceAgent::serve() {
    server_->set_keep_alive_max_count(1'000'000);
    server_->set_tcp_nodelay(true);
    server_->Get("/info", [](const httplib::Request&, httplib::Response& response) {
        response.set_content("{}", "application/json");
    });
    server_->Post("/v0.4/traces",
                  [this](const httplib::Request& request, httplib::Response& response) { take(request, response); });
    thread_ = std::jthread([this] { server_->listen_after_bind(); });
    while (!server_->is_running()) std::this_thread::yield();
}

FakeTraceAgent::~FakeTraceAgent() {
    {
        const std::lock_guard lock(mutex_);
        ending_ = true;
    }
    changed_.notify_all();
    server_->stop();
}

void FakeTraceAgent::take(const httplib::Request& request, httplib::Response& response) {
    std::unique_lock lock(mutex_);
    ++seen_.payloads;
    seen_.greatest_body = std::max(seen_.greatest_body, request.body.size());
    seen_.headers.clear();
    for (const auto& [name, value] : request.headers) seen_.headers[name] = value;
    changed_.wait(lock, [this] { return !hanging_ || ending_; });
    response.status = then_;
    if (request.body.size() > body_limit_) {
        response.status = 413;
    } else if (!statuses_.empty()) {
        response.status = statuses_.front();
        statuses_.pop_front();
    }
    response.set_content(response.status == 200 ? rates_ : "not now", "application/json");
    if (endless_)
        response.set_chunked_content_provider("application/json", [](std::size_t, httplib::DataSink& sink) {
            const std::string text(16'384, ' ');
            sink.write(text.data(), text.size());
            return sink.is_writable();
        });
    if (!rates_version_.empty()) response.set_header("Datadog-Rates-Payload-Version", rates_version_);
    if (response.status != 200) return;
    try {
        const auto handle = msgpack::unpack(request.body.data(), request.body.size());
        for (const auto& chunk : elements(handle.get())) {
            const auto& root = elements(chunk)[0];
            seen_.meta = map_of<std::string>(root, "meta");
            seen_.metrics = map_of<double>(root, "metrics");
            const std::string path = seen_.meta["http.url"];
            ++seen_.accepted[path];
            if (kept_beginning_ && path.starts_with(*kept_beginning_)) kept_[path] = seen_.meta;
            seen_.priorities[value_of<std::string>(root, "service")][value_of<std::uint64_t>(root, "trace_id")] =
                seen_.metrics["_sampling_priority_v1"];
        }
    } catch (const std::exception&) {
        seen_.all_decodable = false;
    }
}

void FakeTraceAgent::answer(std::deque<int> statuses) {
    const std::lock_guard lock(mutex_);
    statuses_ = std::move(statuses);
}

void FakeTraceAgent::answer_always(int status) {
    const std::lock_guard lock(mutex_);
    then_ = status;
}

void FakeTraceAgent::limit_body(std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    body_limit_ = bytes;
}

void FakeTraceAgent::hang(bool on) {
    {
        const std::lock_guard lock(mutex_);
        hanging_ = on;
    }
    changed_.notify_all();
}

void FakeTraceAgent::reply_without_end(bool on) {
    const std::lock_guard lock(mutex_);
    endless_ = on;
}

void FakeTraceAgent::give_rates(const std::string& json, const std::string& version) {
    const std::lock_guard lock(mutex_);
    rates_ = json;
    rates_version_ = version;
}

FakeTraceAgent::Seen FakeTraceAgent::seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
}

std::size_t FakeTraceAgent::traces() const {
    const std::lock_guard lock(mutex_);
    return seen_.accepted.size();
}

void FakeTraceAgent::keep_meta_of(const std::string& beginning) {
    const std::lock_guard lock(mutex_);
    kept_beginning_ = beginning;
}

std::map<std::string, std::string> FakeTraceAgent::kept(const std::string& path) const {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(path);
    return found == kept_.end() ? std::map<std::string, std::string>() : found->second;
}

}  // namespace outrigger::peers
