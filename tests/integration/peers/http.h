// One HTTP request to a peer on the loopback, with time limits. Throws when no answer came.
#pragma once

#include <chrono>
#include <map>
#include <string>

namespace outrigger::peers {

struct Answer {
    int status;
    std::string type;
    std::string body;
};

Answer get(int port, const std::string& path, const std::map<std::string, std::string>& headers = {},
           std::chrono::milliseconds limit = std::chrono::seconds{10});

}  // namespace outrigger::peers
