// A web client that offers an exact number of requests from several threads, and remembers what came of each.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace outrigger::peers {

struct Load {
    int port;
    std::vector<std::string> paths;  // one request for each, taken in order
    int threads = 4;
    bool keep_alive = true;
    std::chrono::microseconds pause{0};  // of each thread, after each request
};

struct Outcome {
    std::map<std::pair<std::string, int>, long> answers;  // by path and status
    std::vector<std::string> answered;                    // paths, as often as they were answered
    std::vector<std::string> failures;                    // path and what went wrong: no answer, or half of one
    std::vector<std::chrono::microseconds> times;         // of the answered ones

    std::chrono::microseconds quantile(double q) const;
    void add(const Outcome& other);
};

Outcome offer(const Load& load);  // returns when each request was answered or has failed

}  // namespace outrigger::peers
