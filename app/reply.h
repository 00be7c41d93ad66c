// What a handler of the demo app answers, and what it tells the instrumentation beside it: a message for the row, an
// error, child spans. Made by handlers on a connection's thread; owns its text, so that views of it stay valid.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace httplib {
struct Request;
}

namespace outrigger::app {

struct Failure {
    std::string type;
    std::string message;
    std::string stack;
};

struct ChildSpan {
    std::string name;
    std::string resource;
    std::string service;        // empty: the app itself
    std::string kind;           // client, internal, ...
    std::int64_t start_us = 0;  // UTC, microseconds since 1970
    std::int64_t duration_us = 0;
    std::optional<Failure> error;
    std::vector<std::pair<std::string, std::string>> tags;
};

struct Reply {
    int status = 200;
    std::string body;
    std::string content_type = "text/plain; charset=utf-8";
    std::string message;
    std::optional<Failure> error;
    std::vector<ChildSpan> spans;
};

using Handler = std::function<Reply(const httplib::Request&)>;

}  // namespace outrigger::app
