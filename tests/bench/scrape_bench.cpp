// What a scrape costs: the copy of the fold, which its writer waits for, and the page, read in pieces as the door reads
// it; beside prometheus-cpp's serializer over the same series. A label set is 18 lines of text. The writer folds
// meanwhile, and says how long it was kept waiting at most. Then the whole agent: what a client that sends an event
// each millisecond notices of scrapes.
#include <atomic>
#include <chrono>
#include <map>
#include <stdexcept>
#include <thread>

#include "agent/fold/fold.h"
#include "agent/sinks/metrics/page.h"
#include "shared/record.h"
#include "tests/bench/kit/client.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/ticks.h"
#include "tests/bench/yardsticks/registry.h"
#include "tests/integration/peers/agent.h"

namespace outrigger::bench {
namespace {

constexpr std::int64_t now_us = 1'763'800'000'000'000;

std::string route_of(std::size_t set) { return "/users/:id/orders/" + std::to_string(set); }
std::int64_t duration_us_of(std::size_t set) { return static_cast<std::int64_t>(set * 7'919 % 400'000); }

// A fold with so many label sets, and a thread that folds on as long as this lives.
class BusyFold {
  public:
    explicit BusyFold(std::size_t sets) : sets_(sets), fold_(settings(sets)) {
        fold_.batch_begins();
        for (std::size_t set = 0; set < sets; ++set) fold_one(set);
        fold_.batch_ends();
        writer_ = std::jthread([this](const std::stop_token& stopped) { write(stopped); });
    }

    const fold::Fold& fold() const { return fold_; }
    double take_longest_wait_ms() { return longest_wait_ms_.exchange(0); }

  private:
    static fold::FoldSettings settings(std::size_t sets) {
        fold::FoldSettings settings;
        settings.max_series = sets + 1000;
        return settings;
    }

    void write(const std::stop_token& stopped) {
        for (std::size_t set = 0; !stopped.stop_requested(); set = (set + 1) % sets_) {
            const double start = wall_seconds();
            fold_.batch_begins();
            const double waited_ms = (wall_seconds() - start) * 1e3;
            if (waited_ms > longest_wait_ms_) longest_wait_ms_ = waited_ms;
            fold_one(set);
            fold_.batch_ends();
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
    }

    void fold_one(std::size_t set) {
        const std::string route = route_of(set);
        RequestEvent event;
        event.method = "GET";
        event.route = route;
        event.status = 200;
        event.duration_us = duration_us_of(set);
        event.trace_id[0] = 1;
        const auto measured = measure(event);
        record_.resize(measured->length);
        outrigger::write(event, *measured, record_.data());
        journal::Envelope envelope;
        envelope.kept = true;
        envelope.arrival_us = now_us;
        fold_.apply({++position_, envelope, record_, nullptr});
    }

    std::size_t sets_;
    fold::Fold fold_;
    std::vector<std::byte> record_;
    std::uint64_t position_ = 0;
    std::atomic<double> longest_wait_ms_{0};
    std::jthread writer_;
};

Values scrape(BusyFold& busy, metrics::Format format) {
    std::vector<char> piece(256UL * 1024);
    busy.take_longest_wait_ms();
    const double start = wall_seconds(), cpu = thread_seconds();
    auto snapshot = busy.fold().snapshot(now_us, format == metrics::Format::openmetrics);
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
        registry.count(route_of(set), static_cast<double>(duration_us_of(set)) / 1e6);
    BusyFold busy(sets);
    take_turns("scrape", about, rounds,
               {{"prometheus-cpp's serializer", [&] { return serialize(registry); }},
                {"the agent's page", [&] { return scrape(busy, metrics::Format::text); }},
                {"the agent's page, OpenMetrics", [&] { return scrape(busy, metrics::Format::openmetrics); }}});
}

// An event each millisecond; how long its acknowledgement took.
Values paced(const peers::Agent& agent, const TickScale& scale, int events, bool scrapes) {
    std::atomic<bool> done{false};
    int scraped = 0;
    double longest_scrape_ms = 0;
    const double cpu = process_seconds(agent.id());
    std::jthread scraper([&] {
        while (scrapes && !done) {
            const double start = wall_seconds();
            if (peers::get(agent.port(), "/metrics").status != 200) throw std::runtime_error("/metrics");
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
    if (scrapes) {
        values.emplace_back("scrapes", scraped);
        values.emplace_back("longest_scrape_ms", longest_scrape_ms);
        values.emplace_back("cpu_ms_a_scrape_ms", (process_seconds(agent.id()) - cpu) * 1e3 / std::max(scraped, 1));
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
    take_turns("scrape", "the agent, " + std::to_string(sets / 1000) + ",000 label sets", size.of(5, 2),
               {{"not scraped", [&] { return paced(agent, scale, size.of(2'000, 500), false); }},
                {"scraped without a pause", [&] { return paced(agent, scale, size.of(2'000, 500), true); }}});
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
