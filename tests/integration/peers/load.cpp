#include "tests/integration/peers/load.h"

#include <httplib.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

namespace outrigger::peers {
namespace {

using Clock = std::chrono::steady_clock;

std::unique_ptr<httplib::Client> make_client(const Load& load) {
    auto client = std::make_unique<httplib::Client>("127.0.0.1", load.port);
    client->set_keep_alive(load.keep_alive);
    client->set_tcp_nodelay(true);
    client->set_connection_timeout(std::chrono::seconds{10});
    client->set_read_timeout(std::chrono::seconds{10});
    return client;
}

void offer_some(const Load& load, std::atomic<std::size_t>& next, Outcome& outcome) {
    const auto client = make_client(load);
    for (std::size_t i = next.fetch_add(1); i < load.paths.size(); i = next.fetch_add(1)) {
        const std::string& path = load.paths[i];
        const auto start = Clock::now();
        const httplib::Result result = client->Get(path);
        if (result) {
            outcome.times.push_back(std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start));
            ++outcome.answers[{path, result->status}];
            outcome.answered.push_back(path);
        } else {
            outcome.failures.push_back(path + ": " + httplib::to_string(result.error()));
        }
        if (load.pause.count() > 0) std::this_thread::sleep_for(load.pause);
    }
}

}  // namespace

std::chrono::microseconds Outcome::quantile(double q) const {
    if (times.empty()) return {};
    std::vector<std::chrono::microseconds> sorted = times;
    const auto at = static_cast<std::ptrdiff_t>(q * static_cast<double>(sorted.size() - 1));
    std::ranges::nth_element(sorted, sorted.begin() + at);
    return sorted[static_cast<std::size_t>(at)];
}

void Outcome::add(const Outcome& other) {
    for (const auto& [key, count] : other.answers) answers[key] += count;
    answered.insert(answered.end(), other.answered.begin(), other.answered.end());
    failures.insert(failures.end(), other.failures.begin(), other.failures.end());
    times.insert(times.end(), other.times.begin(), other.times.end());
}

Outcome offer(const Load& load) {
    std::atomic<std::size_t> next = 0;
    std::vector<Outcome> outcomes(static_cast<std::size_t>(load.threads));
    {
        std::vector<std::jthread> threads;
        for (Outcome& outcome : outcomes) threads.emplace_back([&] { offer_some(load, next, outcome); });
    }
    Outcome total;
    for (const Outcome& outcome : outcomes) total.add(outcome);
    return total;
}

}  // namespace outrigger::peers
