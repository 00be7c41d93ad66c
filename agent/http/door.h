// The agent's HTTP door: routes handed in by whoever builds it, caps on everything a peer could make it keep.
// Names no room. One thread of its own; handlers are called on it, one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "agent/http/limits.h"
#include "agent/http/listener.h"

namespace outrigger::http {

struct Request {
    std::string_view path;    // percent-decoded
    std::string_view query;   // as sent, without '?'
    std::string_view accept;  // the Accept header, empty when there is none
};

struct Response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body;
};

// A handler that throws is answered with 500.
using Handler = std::function<Response(const Request&)>;

struct Route {
    std::string path;
    Handler handler;
};

class Door {
  public:
    // Listens when it returns. Throws std::runtime_error, in words for the operator, when it cannot.
    Door(const Address& address, std::vector<Route> routes, const Limits& limits = {});
    // Cuts what is still open.
    ~Door();

    [[nodiscard]] std::uint16_t port() const;

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace outrigger::http
