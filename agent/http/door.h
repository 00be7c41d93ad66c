// The agent's HTTP door: routes handed in by whoever builds it, caps on everything a peer could make it keep.
// Names no room. One thread of its own; handlers are called on it, one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/http/limits.h"
#include "agent/http/listener.h"
#include "agent/http/turned_away.h"

namespace outrigger::http {

struct Request {
    std::string_view path;    // percent-decoded
    std::string_view query;   // as sent, without '?'
    std::string_view accept;  // the Accept header, empty when there is none
    const TurnedAway& turned_away;
};

// A body that is made while it is sent, for what is too large to be held. Called on the door's thread, until all is
// sent or the peer is gone.
class BodySource {
  public:
    BodySource() = default;
    virtual ~BodySource() = default;
    BodySource(const BodySource&) = delete;
    BodySource& operator=(const BodySource&) = delete;

    virtual std::size_t size() const = 0;        // of the whole body
    virtual std::size_t held_bytes() const = 0;  // memory it takes while it is sent
    // The next bytes of it, at least one until size() were read.
    virtual std::size_t read(std::span<char> into) = 0;
};

struct Response {
    int status = 200;
    std::string content_type = "text/plain; charset=utf-8";
    std::string body = {};
    std::unique_ptr<BodySource> source = nullptr;  // instead of `body`
};

// A handler that throws is answered with 500.
using Handler = std::function<Response(const Request&)>;

struct Route {
    std::string path;
    Handler handler;
};

class Door {
  public:
    // Throws std::runtime_error when the process is out of descriptors.
    Door(Listener listener, std::vector<Route> routes, const Limits& limits = {});
    // The same with a listener of its own; throws as that does.
    Door(const Address& address, std::vector<Route> routes, const Limits& limits = {})
        : Door(Listener(address), std::move(routes), limits) {}
    // Cuts what is still open.
    ~Door();

    [[nodiscard]] std::uint16_t port() const;

  private:
    class Loop;
    std::unique_ptr<Loop> loop_;
};

}  // namespace outrigger::http
