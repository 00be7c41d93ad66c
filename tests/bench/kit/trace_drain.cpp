#include "tests/bench/kit/trace_drain.h"

#include <httplib.h>

namespace outrigger::bench {

TraceDrain::TraceDrain() : server_(std::make_unique<httplib::Server>()) {
    const auto answer = [](const httplib::Request&, httplib::Response& response) {
        response.set_content(R"({"rate_by_service":{"service:,env:":1}})", "application/json");
    };
    server_->Put(".*", answer);
    server_->Post(".*", answer);
    server_->set_tcp_nodelay(true);
    server_->set_keep_alive_max_count(1'000'000);
    port_ = server_->bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { server_->listen_after_bind(); });
}

TraceDrain::~TraceDrain() { server_->stop(); }

}  // namespace outrigger::bench
