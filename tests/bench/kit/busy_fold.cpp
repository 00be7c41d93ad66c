#include "tests/bench/kit/busy_fold.h"

#include <chrono>

#include "shared/record.h"
#include "tests/bench/kit/cpu_time.h"

namespace outrigger::bench {
namespace {

fold::FoldSettings settings(std::size_t sets) {
    fold::FoldSettings settings;
    settings.max_series = sets + 1000;
    return settings;
}

}  // namespace

BusyFold::BusyFold(std::size_t sets) : sets_(sets), fold_(settings(sets)) {
    fold_.batch_begins();
    for (std::size_t set = 0; set < sets; ++set) fold_one(set);
    fold_.batch_ends();
    writer_ = std::jthread([this](const std::stop_token& stopped) { write(stopped); });
}

std::string BusyFold::route_of(std::size_t set) { return "/users/:id/orders/" + std::to_string(set); }

std::int64_t BusyFold::duration_us_of(std::size_t set) { return static_cast<std::int64_t>(set * 7'919 % 400'000); }

void BusyFold::write(const std::stop_token& stopped) {
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

void BusyFold::fold_one(std::size_t set) {
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

}  // namespace outrigger::bench
