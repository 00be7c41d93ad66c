// What a scrape costs: the copy of the fold, which its writer waits for, and the page, measured and written in pieces.
// With a series being a label set (19 lines of text) and with it being a line. The writer folds meanwhile, and says how
// long it was kept waiting at most.
#include <sys/resource.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <string>
#include <thread>
#include <vector>

#include "agent/fold/fold.h"
#include "agent/sinks/metrics/page.h"
#include "shared/record.h"

namespace {

using namespace outrigger;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
    return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// CPU of this thread: can be trusted on a busy machine.
double cpu_ms() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

double resident_mib() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

// Requests of one route each, spread over the buckets, or histograms of the app's own.
class Load {
  public:
    explicit Load(bool custom) : custom_(custom) {}
    void fold_all(fold::Fold& fold, std::size_t sets) {
        fold.batch_begins();
        for (std::size_t set = 0; set < sets; ++set) fold_one(fold, set);
        fold.batch_ends();
    }
    void fold_one(fold::Fold& fold, std::size_t set) { custom_ ? fold_metric(fold, set) : fold_request(fold, set); }

  private:
    void fold_request(fold::Fold& fold, std::size_t set) {
        const std::string route = "/users/:id/orders/" + std::to_string(set);
        RequestEvent event;
        event.method = "GET";
        event.route = route;
        event.status = 200;
        event.duration_us = static_cast<std::int64_t>(set * 7'919 % 400'000);
        event.trace_id[0] = 1;
        apply(fold, event, journal::Kind::request);
    }
    void fold_metric(fold::Fold& fold, std::size_t set) {
        const std::string user = std::to_string(set);
        const Tag tag{"customer", user};
        MetricEvent event;
        event.kind = MetricKind::histogram;
        event.name = "basket_size";
        event.value = static_cast<double>(set % 17);
        event.tags = {&tag, 1};
        apply(fold, event, journal::Kind::metric);
    }
    template <class Event>
    void apply(fold::Fold& fold, const Event& event, journal::Kind kind) {
        const auto measured = measure(event);
        record_.resize(measured->length);
        write(event, *measured, record_.data());
        journal::Envelope envelope;
        envelope.kind = kind;
        envelope.kept = true;
        envelope.arrival_us = 1'763'800'000'000'000;
        fold.apply({++position_, envelope, record_, nullptr});
    }

    bool custom_;
    std::vector<std::byte> record_;
    std::uint64_t position_ = 0;
};

struct Cost {
    double copy_ms = 1e9, page_ms = 1e9, page_cpu_ms = 1e9;
    std::size_t bytes = 0, held = 0;
};

Cost scrape(const fold::Fold& fold, metrics::Format format, std::vector<char>& piece) {
    Cost cost;
    const auto start = Clock::now();
    auto snapshot = fold.snapshot(1'763'800'000'000'000, format == metrics::Format::openmetrics);
    cost.copy_ms = ms_since(start);
    const auto page_start = Clock::now();
    const double cpu_start = cpu_ms();
    metrics::Page page(std::move(snapshot), fold::NamingSet::prometheus, {}, format);
    while (page.read(piece) > 0) {
    }
    cost.page_ms = ms_since(page_start);
    cost.page_cpu_ms = cpu_ms() - cpu_start;
    cost.bytes = page.size();
    cost.held = page.held_bytes();
    return cost;
}

void bench(const char* what, std::size_t sets, metrics::Format format, bool custom = false) {
    fold::FoldSettings settings;
    settings.max_series = sets + 1000;
    fold::Fold fold(settings);
    Load load(custom);
    load.fold_all(fold, sets);
    std::vector<char> piece(256UL * 1024);
    std::atomic<bool> done{false};
    double longest_wait_ms = 0;
    std::thread writer([&] {
        for (std::size_t set = 0; !done.load(std::memory_order_relaxed); set = (set + 1) % sets) {
            const auto start = Clock::now();
            fold.batch_begins();
            longest_wait_ms = std::max(longest_wait_ms, ms_since(start));
            load.fold_one(fold, set);
            fold.batch_ends();
            std::this_thread::sleep_for(std::chrono::microseconds(50));
        }
    });
    Cost best;
    for (int time = 0; time < 7; ++time) {
        const Cost cost = scrape(fold, format, piece);
        best.bytes = cost.bytes;
        best.held = cost.held;
        best.copy_ms = std::min(best.copy_ms, cost.copy_ms);
        best.page_ms = std::min(best.page_ms, cost.page_ms);
        best.page_cpu_ms = std::min(best.page_cpu_ms, cost.page_cpu_ms);
    }
    done = true;
    writer.join();
    std::printf(
        "%-34s %6.1f MB  copy %5.1f ms  page %6.1f ms (CPU %6.1f)  writer waited %5.2f ms at most  holds %5.1f MB\n",
        what, static_cast<double>(best.bytes) / 1e6, best.copy_ms, best.page_ms, best.page_cpu_ms, longest_wait_ms,
        static_cast<double>(best.held) / 1e6);
}

}  // namespace

int main() {
    std::puts("GET /metrics: best of 7, in pieces of 256 KiB, socket not counted");
    bench("100,000 lines (5,263 label sets)", 5'263, metrics::Format::text);
    bench("10,000 label sets", 10'000, metrics::Format::text);
    bench("10,000 label sets, OpenMetrics", 10'000, metrics::Format::openmetrics);
    bench("10,000 custom histograms", 10'000, metrics::Format::text, true);
    std::printf("resident at most so far: %.0f MiB\n", resident_mib());
    bench("100,000 label sets", 100'000, metrics::Format::text);
    bench("100,000 custom histograms", 100'000, metrics::Format::text, true);
}
