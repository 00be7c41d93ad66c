#include "tests/integration/peers/line_load.h"

#include <algorithm>
#include <cmath>

#include "tests/integration/peers/line_client.h"

namespace outrigger::peers {
namespace {

constexpr std::uint64_t distinct_durations = 997;  // prime: each route gets all of them

std::string line_of(const LineLoad& load, std::uint64_t n) {
    return R"({"method":"GET","route":")" + load.routes[n % load.routes.size()] + R"(","status":200,"duration_us":)" +
           std::to_string(duration_us_of(n)) + "}\n";
}

bool acknowledged(LineClient& client, std::uint64_t last) {
    const std::string wanted = R"({"type":"ack","seq":)" + std::to_string(last) + "}";
    while (const auto line = client.receive(std::chrono::seconds{60})) {
        std::string bare = *line;
        std::erase(bare, ' ');
        if (bare == wanted) return true;
    }
    return false;
}

}  // namespace

std::int64_t duration_us_of(std::uint64_t n) {
    const double octaves = 10.0 * static_cast<double>(n * 7 % distinct_durations) / distinct_durations;
    return std::lround(1'000 * std::exp2(octaves));
}

double quantile_of(const LineLoad& load, double q) {
    std::vector<std::int64_t> all;
    for (std::uint64_t n = load.first; n < load.first + load.events; ++n) all.push_back(duration_us_of(n));
    const auto at = all.begin() + static_cast<std::ptrdiff_t>(q * static_cast<double>(all.size() - 1));
    std::ranges::nth_element(all, at);
    return static_cast<double>(*at) / 1e6;
}

bool offer_lines(const Agent& agent, const LineLoad& load) {
    LineClient client(agent.socket());
    std::string bytes = R"({"type":"hello","protocol":1,"emitter":")" + load.emitter +
                        R"(","first":1,"service":"shop",)" + R"("env":"prod","version":")" + load.version + "\"}\n";
    if (!client.send(bytes) || !client.receive(std::chrono::seconds{10})) return false;
    bytes.clear();
    const std::uint64_t last = load.first + load.events - 1;
    for (std::uint64_t n = load.first; n <= last; ++n) {
        bytes += line_of(load, n);
        if (bytes.size() < 64 * 1024 && n < last) continue;
        if (!client.send(bytes)) return false;
        bytes.clear();
    }
    return acknowledged(client, last);
}

}  // namespace outrigger::peers
