#include "tests/bench/yardsticks/in_path.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <utility>

#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/yardsticks/insert.h"

namespace outrigger::bench {
namespace {

thread_local double began = 0;

}  // namespace

InPath::InPath(httplib::Server& server, std::string postgres, int statsd_port) : postgres_(std::move(postgres)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address_.sin_port = htons(static_cast<std::uint16_t>(statsd_port));
    server.set_pre_routing_handler([](const httplib::Request&, httplib::Response&) {
        began = wall_seconds();
        return httplib::Server::HandlerResponse::Unhandled;
    });
    server.set_post_routing_handler(
        [this](const httplib::Request& request, httplib::Response& response) { answered(request, response); });
}

void InPath::answered(const httplib::Request& request, const httplib::Response& response) {
    const double seconds = wall_seconds() - began;
    registry_.count("/users/:id/orders", seconds);
    const std::string tags = "|#service:shop,env:prod,method:" + request.method +
                             ",endpoint:/users/:id/orders,status:" + std::to_string(response.status);
    say("request_count:1|c" + tags);
    say("request_latency_seconds:" + std::to_string(seconds) + "|h" + tags);
    thread_local const Insert insert(postgres_);
    insert.one(++position_);
}

void InPath::say(const std::string& line) const {
    (void)::sendto(statsd_.get(), line.data(), line.size(), 0, reinterpret_cast<const sockaddr*>(&address_),
                   sizeof address_);
}

}  // namespace outrigger::bench
