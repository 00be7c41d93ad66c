#include "tests/faults/load_process.h"

#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
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
        : settings_(settings), number_(static_cast<std::uint16_t>(number)), emitter_(emitter) {}

    void run() {
        const auto start = Clock::now();
        for (std::uint64_t i = 1; !ending && (settings_.events == 0 || i <= settings_.events); ++i) {
            record(i);
            std::this_thread::sleep_until(start + due(i));
        }
    }

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
        const Switches before = switches();
        const auto began = Clock::now();
        const Recorded recorded = emitter_.record(event);
        const auto took = Clock::now() - began;
        const Switches after = switches();
        const Felt felt = after.voluntary != before.voluntary       ? Felt::waited
                          : after.involuntary != before.involuntary ? Felt::preempted
                                                                    : Felt::ran;
        const Saying said{settings_.epoch,
                          i,
                          number_,
                          in_steps(took),
                          recorded == Recorded::accepted ? Word::accepted : Word::dropped,
                          felt,
                          idle_for(took)};
        say(said);
        if (settings_.threads == 1) tell_acknowledged(said);
    }

    // As long, and only the clock is read: what else the machine does is felt there as well. 0: it was preempted.
    static std::uint16_t idle_for(std::chrono::nanoseconds duration) {
        const Switches before = switches();
        const auto usual = std::min<std::chrono::nanoseconds>(duration, std::chrono::microseconds(2));
        const auto began = Clock::now();
        auto now = began;
        while (now - began < usual) now = Clock::now();
        return switches().involuntary == before.involuntary ? in_steps(now - began) : std::uint16_t{0};
    }

    static std::uint16_t in_steps(std::chrono::nanoseconds duration) {
        return static_cast<std::uint16_t>(std::clamp<std::int64_t>((duration.count() + 15) / 16, 1, UINT16_MAX));
    }

    // Of this thread, as the kernel counts them: the first for want of something, the others for want of a processor.
    struct Switches {
        long voluntary, involuntary;
    };
    static Switches switches() {
        rusage usage{};
        ::getrusage(RUSAGE_THREAD, &usage);
        return {usage.ru_nvcsw, usage.ru_nivcsw};
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
        say({settings_.epoch, accepted_[acknowledged - 1], number_, 0, Word::acknowledged, Felt::ran, 0});
    }

    const LoadSettings& settings_;
    const std::uint16_t number_;
    Emitter& emitter_;
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
    return counts.acknowledged >= counts.accepted ? 0 : 3;
}

}  // namespace outrigger::faults
