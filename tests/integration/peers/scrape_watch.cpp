#include "tests/integration/peers/scrape_watch.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <optional>

#include "tests/integration/peers/http.h"

namespace outrigger::peers {
namespace {

// Documented to start anew with each life of the agent.
bool lives_in_memory(const std::string& key) {
    return key.starts_with("process_") || key.starts_with("outrigger_lines_received_total") ||
           key.starts_with("outrigger_journal_") || key.starts_with("outrigger_turned_away_total") ||
           key.starts_with("outrigger_orphan_rings_total");
}

std::optional<std::string> body_of(int port) {
    try {
        const Answer answer = get(port, "/metrics");
        if (answer.status == 200) return answer.body;
    } catch (const std::exception&) {
        // the agent is away
    }
    return std::nullopt;
}

std::string number(double value) { return std::to_string(static_cast<long long>(value)); }

}  // namespace

std::vector<std::string> book_problems(const Scrape& scrape) {
    std::vector<std::string> problems;
    const double requests = scrape.sum("http_requests_total");
    const double accepted = scrape.sum("outrigger_events_accepted_total", {{"type", "request"}});
    if (requests != accepted) problems.push_back(number(requests) + " requests of " + number(accepted) + " accepted");
    const std::vector<Sample> differences = scrape.all("outrigger_books_difference");
    if (differences.empty()) problems.emplace_back("no outrigger_books_difference");
    for (const Sample& difference : differences) {
        const std::string& sink = difference.labels.at("sink");
        const auto of_sink = [&](const char* name) { return scrape.sum(name, {{"sink", sink}}); };
        const double left =
            of_sink("outrigger_sink_accepted_events_total") + of_sink("outrigger_sink_rewound_events_total");
        const double right = of_sink("outrigger_sink_delivered_events_total") +
                             of_sink("outrigger_sink_dropped_events_total") + of_sink("outrigger_sink_pending_events");
        if (difference.value != 0)
            problems.push_back("books_difference of " + sink + " is " + number(difference.value));
        if (left != right)
            problems.push_back("the books of " + sink + ": " + number(left) + " is not " + number(right));
    }
    return problems;
}

ScrapeWatch::ScrapeWatch(const Agent& agent, std::chrono::milliseconds interval, Life life)
    : port_(agent.port()),
      life_(life),
      thread_([this, interval](const std::stop_token& stopped) { watch(stopped, interval); }) {}

void ScrapeWatch::stop() {
    thread_.request_stop();
    thread_.join();
    if (!take()) problems_.emplace_back("the last scrape got no answer");
}

void ScrapeWatch::watch(const std::stop_token& stopped, std::chrono::milliseconds interval) {
    while (!stopped.stop_requested()) {
        take();
        std::this_thread::sleep_for(interval);
    }
}

bool ScrapeWatch::take() {
    const std::optional<std::string> body = body_of(port_);
    if (!body) {
        ++missed_;
        return false;
    }
    ++scrapes_;
    try {
        check(Scrape(*body, Scrape::Form::text));
    } catch (const std::exception& error) {
        problems_.emplace_back(error.what());
    }
    return true;
}

void ScrapeWatch::check(const Scrape& scrape) {
    std::ranges::copy(book_problems(scrape), std::back_inserter(problems_));
    check_growing(scrape);
}

void ScrapeWatch::check_growing(const Scrape& scrape) {
    const std::map<std::string, double> now = scrape.growing();
    for (const auto& [key, before] : last_) {
        if (life_ == Life::restarts && lives_in_memory(key)) continue;
        const auto found = now.find(key);
        if (found == now.end()) {
            problems_.push_back(key + " has vanished");
        } else if (found->second < before) {
            problems_.push_back(key + " fell from " + number(before) + " to " + number(found->second));
        }
    }
    last_ = now;
}

}  // namespace outrigger::peers
