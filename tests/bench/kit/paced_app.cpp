#include "tests/bench/kit/paced_app.h"

#include <array>
#include <stdexcept>
#include <thread>
#include <utility>

#include "shared/ring_format.h"
#include "shared/utc_clock.h"
#include "tests/bench/kit/typical_request.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr int many = 16;  // emitters: their rings, of the usual size, would fill a small machine's memory

EmitterSettings settings(const std::string& socket, int emitters) {
    EmitterSettings settings;
    settings.socket = socket;
    settings.service = "bench";
    if (emitters > many) settings.ring_bytes = ring::least_bytes;
    return settings;
}

}  // namespace

PacedApp::PacedApp(std::string socket, int emitters) : socket_(std::move(socket)) { add(emitters); }

void PacedApp::add(int emitters) {
    for (int i = 0; i < emitters; ++i) {
        emitters_.push_back(std::make_unique<Emitter>(settings(socket_, emitters)));
        emitters_.back()->start();
    }
    const auto give_up = steady_clock::now() + 10s;
    for (const auto& emitter : emitters_)
        for (; !emitter->counts().connected; std::this_thread::sleep_for(1ms))
            if (steady_clock::now() > give_up) throw std::runtime_error("no connection to " + socket_);
}

std::uint64_t PacedApp::acknowledged() const {
    std::uint64_t sum = 0;
    for (const auto& emitter : emitters_) sum += emitter->counts().acknowledged;
    return sum;
}

void PacedApp::run(int events_per_s, std::chrono::milliseconds length,
                   const std::function<void(std::uint64_t)>& each_millisecond) {
    const auto start = steady_clock::now();
    const std::uint64_t before = recorded_ + dropped_;
    for (auto passed = 1ms; passed <= length; passed += 1ms) {
        const auto due = static_cast<std::uint64_t>(events_per_s) * static_cast<std::uint64_t>(passed.count()) / 1000;
        while (recorded_ + dropped_ - before < due) record();
        if (each_millisecond) each_millisecond(recorded_);
        std::this_thread::sleep_until(start + passed);
    }
}

void PacedApp::record() {
    static constexpr std::array<std::string_view, 10> routes = {
        "/users/:id/orders", "/users/:id", "/orders", "/orders/:id", "/login",
        "/simulation",       "/red",       "/green",  "/blue",       "/yellow"};
    RequestEvent event = typical_request();
    const std::uint64_t turn = recorded_ + dropped_;
    event.route = routes[turn / emitters_.size() % routes.size()];
    event.start_us = utc_us();
    event.duration_us = static_cast<std::int64_t>(1000 + recorded_ * 7919 % 50'000);
    // Each request is a trace of its own.
    event.trace_id[8] = 1;
    for (std::size_t i = 0; i < 7; ++i) event.trace_id[9 + i] = static_cast<std::uint8_t>(recorded_ >> (8 * i));
    event.span_id = recorded_ + 1;
    event.parent_id = 0;
    ++(emitters_[turn % emitters_.size()]->record(event) == Recorded::accepted ? recorded_ : dropped_);
}

}  // namespace outrigger::bench
