#include "tests/faults/load_process.h"

#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "shared/emitter/emitter.h"
#include "tests/faults/judge.h"

namespace outrigger::faults {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<bool> ending{false}, renewing{false}, spawning{false};

class Thread {
  public:
    Thread(const LoadSettings& settings, unsigned number, Emitter& emitter)
        : settings_(settings), number_(number), emitter_(emitter) {
        times_.reserve(1 << 16);
    }

    void run() {
        const auto start = Clock::now();
        for (std::uint64_t i = 1; !ending && (settings_.events == 0 || i <= settings_.events); ++i) {
            record(i);
            std::this_thread::sleep_until(start + due(i));
        }
    }

    const std::vector<std::uint32_t>& times() const { return times_; }

  private:
    // When event i + 1 is due.
    std::chrono::nanoseconds due(std::uint64_t i) const {
        const auto even = std::chrono::nanoseconds(1'000'000'000 * i / settings_.rate);
        return settings_.burst.count() == 0 ? even : even / settings_.burst * settings_.burst;
    }

    void record(std::uint64_t i) {
        const EventName name{settings_.epoch, number_, i};
        const std::string path = path_of(name), message = message_of(name, settings_.mixed);
        RequestEvent event;
        event.method = "GET";
        event.route = "/load";
        event.path = path;
        event.status = i % 50 == 0 ? 500 : 200;
        event.duration_us = static_cast<std::int64_t>(1000 + i % 1000);
        event.message = message;
        const auto before = Clock::now();
        const Recorded recorded = emitter_.record(event);
        const auto took = Clock::now() - before;
        times_.push_back(static_cast<std::uint32_t>(std::min<std::int64_t>(took.count(), UINT32_MAX)));
        const Saying said{settings_.epoch, i, number_, recorded == Recorded::accepted ? Word::accepted : Word::dropped};
        say(said);
        if (settings_.threads == 1) tell_acknowledged(said);
    }

    void say(const Saying& said) const {
        [[maybe_unused]] const auto written = ::write(settings_.judge, &said, sizeof said);
    }

    // Alone in its process, the n-th it accepted is number n of the emitter.
    void tell_acknowledged(const Saying& said) {
        if (said.word == Word::accepted) accepted_.push_back(said.number);
        const std::uint64_t acknowledged = emitter_.counts().acknowledged;
        if (acknowledged == told_ || acknowledged > accepted_.size()) return;
        told_ = acknowledged;
        say({settings_.epoch, accepted_[acknowledged - 1], number_, Word::acknowledged});
    }

    const LoadSettings& settings_;
    const unsigned number_;
    Emitter& emitter_;
    std::vector<std::uint32_t> times_;
    std::vector<std::uint64_t> accepted_;
    std::uint64_t told_ = 0;
};

// What a program does beside its requests: becomes itself anew while its threads record, starts others.
void look_for_orders(const LoadSettings& settings, const std::stop_token& stopped) {
    while (!stopped.stop_requested()) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        if (spawning.exchange(false)) {
            const char* const arguments[] = {"sleep", "8", nullptr};
            posix_spawnattr_t attributes;
            ::posix_spawnattr_init(&attributes);
            ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);  // outlives us
            pid_t child = 0;
            ::posix_spawnp(&child, arguments[0], nullptr, &attributes, const_cast<char**>(arguments), environ);
        }
        if (!renewing) continue;
        LoadSettings next = settings;
        ++next.epoch;
        std::vector<std::string> words = to_arguments(next);
        std::vector<char*> arguments{const_cast<char*>("load"), const_cast<char*>("load")};
        for (auto& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        ::execv("/proc/self/exe", arguments.data());
    }
}

LoadSettings from_arguments(const std::vector<std::string>& words) {
    LoadSettings out;
    out.socket = words.at(0);
    out.epoch = std::stoull(words.at(1));
    out.threads = static_cast<unsigned>(std::stoul(words.at(2)));
    out.rate = static_cast<unsigned>(std::stoul(words.at(3)));
    out.events = std::stoull(words.at(4));
    out.burst = std::chrono::milliseconds(std::stol(words.at(5)));
    out.mixed = words.at(6) == "1";
    out.judge = std::stoi(words.at(7));
    out.patience = std::chrono::milliseconds(std::stol(words.at(8)));
    return out;
}

}  // namespace

std::vector<std::string> to_arguments(const LoadSettings& settings) {
    return {settings.socket,
            std::to_string(settings.epoch),
            std::to_string(settings.threads),
            std::to_string(settings.rate),
            std::to_string(settings.events),
            std::to_string(settings.burst.count()),
            settings.mixed ? "1" : "0",
            std::to_string(settings.judge),
            std::to_string(settings.patience.count())};
}

int run_load(const std::vector<std::string>& arguments) {
    const LoadSettings settings = from_arguments(arguments);
    ::signal(SIGTERM, [](int) { ending = true; });
    ::signal(SIGUSR1, [](int) { renewing = true; });
    ::signal(SIGUSR2, [](int) { spawning = true; });
    ::signal(SIGPIPE, SIG_IGN);
    EmitterSettings emitter_settings;
    emitter_settings.socket = settings.socket;
    emitter_settings.service = "load";
    Emitter emitter(emitter_settings);
    emitter.start();
    const std::jthread orders([&](const std::stop_token& stopped) { look_for_orders(settings, stopped); });
    std::vector<std::unique_ptr<Thread>> threads;
    {
        std::vector<std::jthread> running;
        for (unsigned i = 0; i < settings.threads; ++i) {
            threads.push_back(std::make_unique<Thread>(settings, i, emitter));
            running.emplace_back([thread = threads.back().get()] { thread->run(); });
        }
    }
    const auto give_up = Clock::now() + settings.patience;
    auto counts = emitter.counts();
    while (counts.acknowledged < counts.accepted && Clock::now() < give_up) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
        counts = emitter.counts();
    }
    emitter.stop(std::chrono::milliseconds(500));
    std::vector<std::uint32_t> times;
    for (const auto& thread : threads) times.insert(times.end(), thread->times().begin(), thread->times().end());
    std::ranges::sort(times);
    const auto at = [&](double q) {
        return times.empty() ? 0U : times[static_cast<std::size_t>(q * static_cast<double>(times.size() - 1))];
    };
    std::printf("%u %u %u\n", at(0.5), at(0.999), at(1));
    return counts.acknowledged >= counts.accepted ? 0 : 3;
}

}  // namespace outrigger::faults
