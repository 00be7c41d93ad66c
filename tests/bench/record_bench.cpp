// What record() costs the thread that calls it, encoding included, while the agent takes everything; beside a bare
// push of the same bytes into a ring, and beside handing them to the kernel with send(). CPU time on the app's side is
// the calls' own (reading the clock is taken off) and that of the sender's thread.
//
//   record_bench calls SOCKET N    N events from the main thread and nothing else, for strace and valgrind
#include <sys/socket.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "shared/emitter/emitter.h"
#include "tests/bench/kit/allocations.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/idle_reader.h"
#include "tests/bench/kit/instructions.h"
#include "tests/bench/kit/load.h"
#include "tests/bench/kit/producers.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/typical_request.h"
#include "tests/bench/yardsticks/bare_ring.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/system_calls.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;

Values push_into_ring(Producing& producing) {
    const auto ring = std::make_unique<BareRing>();
    const std::string record = typical_record();
    const std::jthread drain([&](const std::stop_token& stopped) {
        for (; !stopped.stop_requested(); std::this_thread::sleep_for(1ms)) ring->drain();
    });
    return producing.measure([&](int) { return ring->push(record); });
}

Values send_to(Producing& producing, IdleReader::Kind kind, std::chrono::microseconds pause) {
    const IdleReader reader(kind, pause);
    const std::string record = typical_record();
    return producing.measure(
        [&](int) { return ::send(reader.fd(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0; });
}

Values record_all(Producing& producing, const std::string& socket) {
    EmitterSettings settings;
    settings.socket = socket;
    settings.service = "bench";
    Emitter emitter(settings);
    emitter.start();
    while (!emitter.counts().connected) std::this_thread::sleep_for(1ms);
    Values values = producing.measure(
        [&](int i) {
            RequestEvent event = typical_request();
            event.duration_us = i;
            return emitter.record(event) == Recorded::accepted;
        },
        [] { return thread_seconds("outrigger"); });
    emitter.stop(5s);
    return values;
}

// What costs most on the way into the ring: trace and span ids have to be made, too.
RequestEvent request_without_ids() {
    RequestEvent event = typical_request();
    event.trace_id = {};
    event.span_id = event.parent_id = 0;
    return event;
}

// All of them must find room, else drops would be measured.
void record_in_a_row(Emitter& emitter, long events) {
    const RequestEvent event = request_without_ids();
    for (long i = 0; i < events; ++i)
        if (emitter.record(event) != Recorded::accepted) throw std::runtime_error("the ring takes too few");
}

void record_only(const std::string& socket, long events) {
    EmitterSettings settings;
    settings.socket = socket;
    settings.ring_bytes = 16UL << 20;
    Emitter emitter(settings);
    emitter.start();
    record_in_a_row(emitter, events);
    emitter.stop(0ms);
}

Values allocations_of(const std::string& socket) {
    constexpr int events = 80'000;
    EmitterSettings settings;
    settings.socket = socket;
    settings.ring_bytes = 16UL << 20;
    Emitter emitter(settings);
    emitter.start();
    while (!emitter.counts().connected) std::this_thread::sleep_for(1ms);
    const Allocations allocations;
    record_in_a_row(emitter, events);
    return {{"allocations_an_event", static_cast<double>(allocations.by_this_thread()) / events}};
}

// Ourselves, told `calls`; `wrapper` becomes us.
void run_calls(std::vector<std::string> wrapper, long events) {
    const peers::TemporaryFolder folder(peers::TemporaryFolder::Place::memory);
    wrapper.insert(wrapper.end(), {std::filesystem::read_symlink("/proc/self/exe"), "calls", folder / "agent.sock",
                                   std::to_string(events)});
    const auto done =
        peers::run({.arguments = wrapper, .environment = {}, .folder = folder.path(), .name = "calls"}, 60s);
    if (done.status != 0) throw std::runtime_error("calls: " + done.errors);
}

// Those of the thread that records: the only one that asks for its name, which it does once.
double system_calls_of(long events) {
    const peers::SystemCalls calls;
    run_calls(calls.command(), events);
    double sum = 0;
    for (const auto& [name, times] : calls.of_threads_that_called("execve")) sum += static_cast<double>(times);
    return sum;
}

double instructions_of(long events) {
    const Instructions counter;
    run_calls(counter.command(), events);
    return counter.total();
}

// Of an event: what many take more than a few.
double each(double (*of)(long events)) {
    constexpr long few = 1'000, many = 81'000;
    return (of(many) - of(few)) / static_cast<double>(many - few);
}

}  // namespace

void run(const Size& size, const std::vector<std::string>& arguments) {
    if (arguments.size() == 3 && arguments[0] == "calls")
        return record_only(arguments[1], std::strtol(arguments[2].c_str(), nullptr, 10));
    peers::Agent agent;
    agent.start();
    for (const Producers& producers : {Producers{"1 producer at 20,000/s", 1, 20'000, Pace::spin},
                                       Producers{"4 producers at 5,000/s each", 4, 5'000, Pace::sleep},
                                       Producers{"1 producer without a pause", 1, 1, Pace::none}}) {
        if (size.quick && producers.pace == Pace::none) continue;
        Producing producing(size, producers);
        take_turns(
            "record", producers.about, size.of(9, 3),
            {{"bare ring push", [&] { return push_into_ring(producing); }},
             {"send(), stream, read each 1 ms", [&] { return send_to(producing, IdleReader::Kind::stream, 1ms); }},
             {"send(), datagram", [&] { return send_to(producing, IdleReader::Kind::datagram, 0ms); }},
             {"record()", [&] { return record_all(producing, agent.socket()); }}});
    }
    report("record", "beside time", "record()", 0, allocations_of(agent.socket()));
    if (const auto why = peers::SystemCalls::unavailable())
        std::fprintf(stderr, "record: system calls are NOT measured: %s\n", why->c_str());
    else
        report("record", "beside time", "record() under strace", 0, {{"system_calls_an_event", each(system_calls_of)}});
    if (const auto why = Instructions::unavailable())
        std::fprintf(stderr, "record: instructions are NOT measured: %s\n", why->c_str());
    else
        report("record", "beside time", "record() under valgrind", 0,
               {{"instructions_an_event", each(instructions_of)}});
}

}  // namespace outrigger::bench
