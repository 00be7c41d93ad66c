// What record() costs the thread that calls it, encoding included, while the agent takes everything; beside a bare
// push of the same bytes into a ring, and beside handing them to the kernel with send(). CPU time on the app's side is
// the calls' own (reading the clock is taken off) and that of the sender's thread.
//
//   record_bench calls N    N events from the main thread and nothing else, for strace
#include <sys/socket.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "shared/emitter/emitter.h"
#include "tests/bench/kit/allocations.h"
#include "tests/bench/kit/cpu_time.h"
#include "tests/bench/kit/idle_reader.h"
#include "tests/bench/kit/load.h"
#include "tests/bench/kit/rounds.h"
#include "tests/bench/kit/ticks.h"
#include "tests/bench/kit/typical_request.h"
#include "tests/bench/yardsticks/bare_ring.h"
#include "tests/integration/peers/agent.h"
#include "tests/integration/peers/system_calls.h"

namespace outrigger::bench {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

enum class Pace : std::uint8_t { spin, sleep, none };  // how a producer waits until its next event is due

struct Producers {
    const char* about;
    int threads;
    int each_per_s;
    Pace pace;
};

// Hands over event `i`; false: it was dropped.
using HandOver = std::function<bool(int i)>;

class Bench {
  public:
    Bench(const Size& size, const Producers& producers) : producers_(producers) {
        events_ = producers.pace == Pace::none ? size.of(400'000, 100'000)
                                               : size.of(producers.each_per_s, producers.each_per_s / 2);
    }

    // `beside`: CPU seconds of whoever works for the producers, in this process.
    Values measure(const HandOver& hand_over, const std::function<double()>& beside = [] { return 0.0; }) {
        std::vector<Producer> all(static_cast<std::size_t>(producers_.threads), Producer{Times(scale_)});
        const double others = beside(), start = wall_seconds();
        {
            std::vector<std::jthread> threads;
            for (Producer& one : all) threads.emplace_back([&] { produce(hand_over, one); });
        }
        const double seconds = wall_seconds() - start;
        return to_values(all, seconds, beside() - others);
    }

  private:
    struct Producer {
        Times times;
        int dropped = 0;
    };

    void produce(const HandOver& hand_over, Producer& self) const {
        self.times.reserve(static_cast<std::size_t>(events_));
        const auto gap = std::chrono::nanoseconds(1'000'000'000 / producers_.each_per_s);
        auto due = steady_clock::now();
        for (int i = 0; i < events_; ++i, due += gap) {
            if (producers_.pace == Pace::sleep) std::this_thread::sleep_until(due);
            while (producers_.pace == Pace::spin && steady_clock::now() < due) continue;
            const std::uint64_t from = ticks();
            const bool accepted = hand_over(i);
            const std::uint64_t taken = ticks() - from;
            accepted ? self.times.add(taken) : static_cast<void>(++self.dropped);
        }
    }

    Values to_values(const std::vector<Producer>& all, double seconds, double others) const {
        Times times(scale_);
        int dropped = 0;
        for (const Producer& one : all) {
            times.add(one.times);
            dropped += one.dropped;
        }
        times.sort();
        const auto accepted = static_cast<double>(times.count());
        return {{"p50_ns", times.at(0.5)},     {"p99_ns", times.at(0.99)},
                {"p999_ns", times.at(0.999)},  {"cpu_ns", times.mean_of_most() + others * 1e9 / accepted},
                {"per_s", accepted / seconds}, {"dropped_percent", 100 * dropped / (accepted + dropped)}};
    }

    Producers producers_;
    int events_;
    TickScale scale_;
};

Values push_into_ring(Bench& bench) {
    const auto ring = std::make_unique<BareRing>();
    const std::string record = typical_record();
    const std::jthread drain([&](const std::stop_token& stopped) {
        for (; !stopped.stop_requested(); std::this_thread::sleep_for(1ms)) ring->drain();
    });
    return bench.measure([&](int) { return ring->push(record); });
}

Values send_to(Bench& bench, IdleReader::Kind kind, std::chrono::microseconds pause) {
    const IdleReader reader(kind, pause);
    const std::string record = typical_record();
    return bench.measure(
        [&](int) { return ::send(reader.fd(), record.data(), record.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0; });
}

Values record_all(Bench& bench, const std::string& socket) {
    EmitterSettings settings;
    settings.socket = socket;
    settings.service = "bench";
    Emitter emitter(settings);
    emitter.start();
    while (!emitter.counts().connected) std::this_thread::sleep_for(1ms);
    Values values = bench.measure(
        [&](int i) {
            RequestEvent event = typical_request();
            event.duration_us = i;
            return emitter.record(event) == Recorded::accepted;
        },
        [] { return thread_seconds("outrigger"); });
    emitter.stop(5s);
    return values;
}

void record_only(const std::string& socket, long events) {
    EmitterSettings settings;
    settings.socket = socket;
    Emitter emitter(settings);
    emitter.start();
    const RequestEvent event = typical_request();
    for (long i = 0; i < events; ++i) emitter.record(event);
    emitter.stop(0ms);
}

Values allocations_of(const std::string& socket) {
    constexpr int events = 100'000;
    EmitterSettings settings;
    settings.socket = socket;
    Emitter emitter(settings);
    emitter.start();
    const RequestEvent event = typical_request();
    const Allocations allocations;
    for (int i = 0; i < events; ++i) emitter.record(event);
    return {{"allocations_an_event", static_cast<double>(allocations.by_this_thread()) / events}};
}

// Those of the thread that records: the only one that asks for its name, which it does once.
double system_calls_of(long events) {
    const peers::SystemCalls calls;
    const peers::TemporaryFolder folder(peers::TemporaryFolder::Place::memory);
    std::vector<std::string> command = calls.command();
    command.insert(command.end(), {std::filesystem::read_symlink("/proc/self/exe"), "calls", folder / "agent.sock",
                                   std::to_string(events)});
    const auto done =
        peers::run({.arguments = command, .environment = {}, .folder = folder.path(), .name = "calls"}, 60s);
    if (done.status != 0) throw std::runtime_error("calls: " + done.errors);
    double sum = 0;
    for (const auto& [name, times] : calls.of_threads_that_called("execve")) sum += static_cast<double>(times);
    return sum;
}

Values system_calls() {
    constexpr long few = 1'000, many = 21'000;
    return {
        {"system_calls_an_event", (system_calls_of(many) - system_calls_of(few)) / static_cast<double>(many - few)}};
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
        Bench bench(size, producers);
        take_turns("record", producers.about, size.of(9, 3),
                   {{"bare ring push", [&] { return push_into_ring(bench); }},
                    {"send(), stream, read each 1 ms", [&] { return send_to(bench, IdleReader::Kind::stream, 1ms); }},
                    {"send(), datagram", [&] { return send_to(bench, IdleReader::Kind::datagram, 0ms); }},
                    {"record()", [&] { return record_all(bench, agent.socket()); }}});
    }
    report("record", "beside time", "record()", 0, allocations_of(agent.socket()));
    if (!peers::SystemCalls::unavailable()) report("record", "beside time", "record() under strace", 0, system_calls());
}

}  // namespace outrigger::bench
