// What a scrape costs: the copy of the fold, which its writer waits for, and the page, read in pieces as the door reads
// it; beside prometheus-cpp's serializer over the same series. A label set is 18 lines of text. The writer folds
// meanwhile, and says how long it was kept waiting at most; by a checkpoint's copy, too. Then the whole agent over
// HTTP: what a scrape takes it, and what a client that sends an event each millisecond notices.
#include <atomic>
#include <chrono>
#include <map>
#include <stdexcept>
#include <thread>
#include <utility>

#include "agent/sinks/metrics/page.h"
#include "tests/bench/kit/busy_fold.h"
#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/ticks.h"
#include "tests/bench/yardsticks/registry.h"
#include "tests/integration/peers/agent.h"

namespace outrigger::bench {
namespace {

Values scrape(BusyFold& busy, metrics::Format format) {
    std::vector<char> piece(256UL * 1024);
    busy.take_longest_wait_ms();
    const double start = wall_seconds(), cpu = thread_seconds();
    auto snapshot = busy.fold().snapshot(BusyFold::now_us, format == metrics::Format::openmetrics);
    const double copied = wall_seconds();
    metrics::Page page(std::move(snapshot), fold::NamingSet::prometheus, {}, format);
    while (page.read(piece) > 0) continue;
    return {{"wall_ms", (wall_seconds() - start) * 1e3},
            {"cpu_ms", (thread_seconds() - cpu) * 1e3},
            {"copy_ms", (copied - start) * 1e3},
            {"writer_stall_ms", busy.take_longest_wait_ms()},
            {"page_mib", static_cast<double>(page.size()) / (1 << 20)},
            {"held_mib", static_cast<double>(page.held_bytes()) / (1 << 20)}};
}

// What a checkpoint takes, under the same lock.
Values copy_for_checkpoint(BusyFold& busy) {
    busy.take_longest_wait_ms();
    const double start = wall_seconds(), cpu = thread_seconds();
    const fold::Snapshot copy = busy.fold().checkpoint_copy();
    return {{"wall_ms", (wall_seconds() - start) * 1e3},
            {"cpu_ms", (thread_seconds() - cpu) * 1e3},
            {"writer_stall_ms", busy.take_longest_wait_ms()}};
}

Values serialize(const Registry& registry) {
    const double start = wall_seconds(), cpu = thread_seconds();
    const std::string page = registry.serialize();
    return {{"wall_ms", (wall_seconds() - start) * 1e3},
            {"cpu_ms", (thread_seconds() - cpu) * 1e3},
            {"page_mib", static_cast<double>(page.size()) / (1 << 20)}};
}

void compare(const std::string& about, std::size_t sets, int rounds) {
    Registry registry;
    for (std::size_t set = 0; set < sets; ++set)
        registry.count(BusyFold::route_of(set), static_cast<double>(BusyFold::duration_us_of(set)) / 1e6);
    BusyFold busy(sets);
    take_turns("scrape", about, rounds,
               {{"prometheus-cpp's serializer", [&] { return serialize(registry); }},
                {"the agent's page", [&] { return scrape(busy, metrics::Format::text); }},
                {"the agent's page, OpenMetrics", [&] { return scrape(busy, metrics::Format::openmetrics); }},
                {"a checkpoint's copy", [&] { return copy_for_checkpoint(busy); }}});
}

using Headers = std::map<std::string, std::string>;
const Headers text, openmetrics{{"Accept", "application/openmetrics-text; version=1.0.0"}};

std::string get_page(const peers::Agent& agent, const Headers& format) {
    auto answer = peers::get(agent.port(), "/metrics", format, std::chrono::seconds(60));
    if (answer.status != 200) throw std::runtime_error("/metrics");
    return std::move(answer.body);
}

// Nothing else is asked of the agent meanwhile.
Values scrape_over_http(const peers::Agent& agent, const Headers& format) {
    const double start = wall_seconds(), cpu = process_seconds(agent.id());
    const std::string page = get_page(agent, format);
    return {{"wall_ms", (wall_seconds() - start) * 1e3},
            {"cpu_ms", (process_seconds(agent.id()) - cpu) * 1e3},
            {"page_mib", static_cast<double>(page.size()) / (1 << 20)}};
}

// An event each millisecond; how long its acknowledgement took. `format`: scraped without a pause meanwhile.
Values paced(const peers::Agent& agent, const TickScale& scale, int events, const Headers* format = nullptr) {
    std::atomic<bool> done{false};
    int scraped = 0;
    double longest_scrape_ms = 0;
    std::jthread scraper([&] {
        while (format != nullptr && !done) {
            const double start = wall_seconds();
            get_page(agent, *format);
            longest_scrape_ms = std::max(longest_scrape_ms, (wall_seconds() - start) * 1e3);
            ++scraped;
        }
    });
    Client client(agent.socket(), Language::records);
    const std::string record = typical_record();
    Times times(scale);
    for (int i = 0; i < events; ++i) {
        const std::uint64_t from = ticks();
        client.send_bytes(record);
        client.count(1);
        client.wait_for_acknowledgement();
        times.add(ticks() - from);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    done = true;
    scraper.join();
    times.sort();
    Values values{{"ack_p50_ms", times.at(0.5) / 1e6},
                  {"ack_p99_ms", times.at(0.99) / 1e6},
                  {"ack_longest_ms", times.at(1) / 1e6}};
    if (format != nullptr) {
        values.emplace_back("scrapes", scraped);
        values.emplace_back("longest_scrape_ms", longest_scrape_ms);
    }
    return values;
}

void watch_agent(const Size& size, std::size_t sets) {
    peers::Agent agent({"--durability", "process", "--max-series", std::to_string(sets + 1000)});
    agent.start();
    Client client(agent.socket(), Language::records);
    client.send(make_load(Language::records, {.routes = sets}), sets);
    client.wait_for_acknowledgement();
    const TickScale scale;
    const int events = size.of(2'000, 500);
    take_turns("scrape", "the agent, " + std::to_string(sets / 1000) + ",000 label sets", size.of(5, 2),
               {{"not scraped", [&] { return paced(agent, scale, events); }},
                {"scraped without a pause", [&] { return paced(agent, scale, events, &text); }},
                {"scraped without a pause, OpenMetrics", [&] { return paced(agent, scale, events, &openmetrics); }},
                {"one scrape over HTTP", [&] { return scrape_over_http(agent, text); }},
                {"one scrape over HTTP, OpenMetrics", [&] { return scrape_over_http(agent, openmetrics); }}});
}

}  // namespace

void run(const Size& size, const std::vector<std::string>&) {
    constexpr std::size_t lines = 18;  // of a label set
    compare("1,000 lines", 1'000 / lines, size.of(15, 5));
    compare("10,000 lines", 10'000 / lines, size.of(15, 5));
    compare("100,000 lines", 100'000 / lines, size.of(11, 3));
    watch_agent(size, 10'000);
    if (size.quick) return;
    compare("100,000 label sets", 100'000, 3);
    watch_agent(size, 100'000);
}

}  // namespace outrigger::bench
