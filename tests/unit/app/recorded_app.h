// A server on a free port of loopback whose events are kept for the test to look at.
// Used by the tests of server, instrument and routes; events are copied, as what they borrow from is gone afterwards.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/instrument.h"
#include "app/listener.h"
#include "app/server.h"

namespace outrigger::app {

struct KeptSpan {
    std::string name;
    std::int64_t duration_us = 0;
    std::string error_type;
    std::map<std::string, std::string> tags;
};

struct KeptEvent {
    std::string method;
    std::string route;
    std::string path;
    int status = 0;
    std::int64_t start_us = 0;
    std::int64_t duration_us = 0;
    std::int64_t request_bytes = 0;
    std::int64_t response_bytes = 0;
    std::string client;
    TraceId trace_id{};
    std::uint64_t span_id = 0;
    std::uint64_t parent_id = 0;
    std::optional<std::int8_t> priority;
    std::string message;
    std::string error_type;
    std::string error_message;
    std::string error_stack;
    std::vector<std::pair<std::string, std::string>> tags;
    std::vector<KeptSpan> spans;
};

class RecordedApp {
  public:
    explicit RecordedApp(const ServerSettings& settings = {});

    Instrument& routes() { return routes_; }
    Server& server() { return server_; }
    void start() { server_.start(listener_.fd()); }
    int port() const { return listener_.address().port; }
    const Listener& listener() const { return listener_; }

    std::vector<KeptEvent> events() const;
    KeptEvent only_event() const;

  private:
    void keep(const RequestEvent& event);

    mutable std::mutex mutex_;  // guards events_
    std::vector<KeptEvent> events_;
    Listener listener_{{"127.0.0.1", 0}};
    Server server_;
    Instrument routes_;
};

}  // namespace outrigger::app
