// What record() costs the thread that calls it, encoding included, while the sender's thread works and an agent in
// another process takes and acknowledges everything. The cost of reading the clock is measured and taken off.
//
//   emitter_bench              the table
//   emitter_bench calls N      N events from the main thread and nothing else: `strace -c` on it shows the same
//                              system calls for any N (without -f: the sender's thread makes some)
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "shared/emitter/emitter.h"
#include "shared/protocol.h"
#include "shared/unix_socket.h"
#include "tests/bench/typical_request.h"

namespace {

using namespace outrigger;
using std::chrono::steady_clock;

// Ticks of a clock that cannot be read earlier or later than it stands here.
std::uint64_t ticks() {
#if defined(__x86_64__)
    _mm_lfence();
    const std::uint64_t now = __rdtsc();
    _mm_lfence();
    return now;
#else
    return static_cast<std::uint64_t>(steady_clock::now().time_since_epoch().count());
#endif
}

double nanoseconds_of_a_tick() {
    const auto from = steady_clock::now();
    const std::uint64_t first = ticks();
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    const std::uint64_t last = ticks();
    const std::chrono::duration<double, std::nano> taken = steady_clock::now() - from;
    return taken.count() / static_cast<double>(last - first);
}

std::uint64_t ticks_of_two_readings() {
    std::vector<std::uint64_t> empty(100'001);
    for (std::uint64_t& reading : empty) {
        const std::uint64_t from = ticks();
        reading = ticks() - from;
    }
    std::ranges::nth_element(empty, empty.begin() + 50'000);
    return empty[50'000];
}

// Takes records as fast as they come and acknowledges them every few milliseconds, keeping nothing.
class Agent {
  public:
    explicit Agent(const std::string& socket) : listener_(listen_unix(socket, 0660)), process_(::fork()) {
        if (process_ == 0) serve();
    }
    ~Agent() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    Agent(const Agent&) = delete;
    Agent& operator=(const Agent&) = delete;

  private:
    [[noreturn]] void serve() {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            pollfd waiting{listener_.fd(), POLLIN, 0};
            ::poll(&waiting, 1, -1);
            const FileDescriptor peer(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
            if (peer) serve(peer.get());
        }
    }
    static void serve(int peer) {
        std::vector<std::byte> bytes(1024 * 1024);
        std::size_t held = 0;
        std::uint64_t number = 0;
        auto acked = steady_clock::now();
        for (bool magic = false;;) {
            const ssize_t got = ::recv(peer, bytes.data() + held, bytes.size() - held, 0);
            if (got <= 0) return;
            held += static_cast<std::size_t>(got);
            std::size_t at = magic ? 0 : record_magic.size();
            if (held < at) continue;
            magic = true;
            for (; held - at >= frame_head_bytes && held - at >= record_length(bytes.data() + at);
                 at += record_length(bytes.data() + at)) {
                const auto kind = static_cast<FrameKind>(bytes[at + 4]);
                if (kind == FrameKind::hello) say(peer, Welcome{.next = 1});
                if (kind == FrameKind::request) ++number;
            }
            std::copy(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      bytes.begin() + static_cast<std::ptrdiff_t>(held), bytes.begin());
            held -= at;
            if (number == 0 || steady_clock::now() - acked < std::chrono::milliseconds(2)) continue;
            say(peer, Ack{number});
            acked = steady_clock::now();
        }
    }
    template <class Frame>
    static void say(int peer, const Frame& frame) {
        std::vector<std::byte> out;
        append(out, frame);
        (void)::send(peer, out.data(), out.size(), MSG_NOSIGNAL);
    }

    UnixListener listener_;
    pid_t process_;
};

// CPU time of this process's sender thread, by the kernel's account.
double sender_nanoseconds() {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::string name;
        std::ifstream(task.path() / "comm") >> name;
        double spent = 0;
        if (name == "outrigger" && std::ifstream(task.path() / "schedstat") >> spent) return spent;
    }
    return 0;
}

struct Clock {
    double nanoseconds = nanoseconds_of_a_tick();
    std::uint64_t overhead = ticks_of_two_readings();
};

struct Load {
    const char* name;
    int producers;
    double each_second;  // of one producer; 0: as fast as it can
    int events;          // of one producer
};

struct Taken {
    std::vector<std::uint64_t> ticks;  // of accepted events
    std::uint64_t dropped = 0;
};

Taken produce(Emitter& emitter, const Load& load, const Clock& clock) {
    Taken taken;
    taken.ticks.reserve(static_cast<std::size_t>(load.events));
    RequestEvent event = bench::typical_request();
    const auto gap = static_cast<std::uint64_t>(load.each_second > 0 ? 1e9 / load.each_second / clock.nanoseconds : 0);
    std::uint64_t due = ticks();
    for (int i = 0; i < load.events; ++i, due += gap) {
        while (gap != 0 && ticks() < due) continue;
        event.duration_us = i;
        const std::uint64_t from = ticks();
        const Recorded recorded = emitter.record(event);
        const std::uint64_t spent = ticks() - from;
        if (recorded == Recorded::accepted)
            taken.ticks.push_back(spent > clock.overhead ? spent - clock.overhead : 0);
        else
            ++taken.dropped;
    }
    return taken;
}

// Without the slowest thousandth, in which somebody else had the processor.
double mean_of_most(const std::vector<std::uint64_t>& sorted) {
    const std::size_t most = sorted.size() - sorted.size() / 1000;
    double sum = 0;
    for (std::size_t i = 0; i < most; ++i) sum += static_cast<double>(sorted[i]);
    return sum / static_cast<double>(most);
}

void print(const Load& load, std::vector<Taken>& all, double seconds, double sender, const Clock& clock) {
    std::vector<std::uint64_t> merged;
    std::uint64_t dropped = 0;
    for (const Taken& taken : all) {
        merged.insert(merged.end(), taken.ticks.begin(), taken.ticks.end());
        dropped += taken.dropped;
    }
    std::ranges::sort(merged);
    const auto at = [&](double share) {
        const auto index = static_cast<std::size_t>(share * static_cast<double>(merged.size() - 1));
        return static_cast<double>(merged[index]) * clock.nanoseconds;
    };
    const auto accepted = static_cast<double>(merged.size());
    const double record = mean_of_most(merged) * clock.nanoseconds;
    std::printf(
        "%-28s p50 %5.0f  p99 %6.0f  p99.9 %7.0f ns; %9.0f events/s accepted, %5.1f %% dropped; CPU an event: "
        "record() %4.0f + sender %5.0f = %5.0f ns\n",
        load.name, at(0.5), at(0.99), at(0.999), accepted / seconds,
        100 * static_cast<double>(dropped) / (accepted + static_cast<double>(dropped)), record, sender / accepted,
        record + sender / accepted);
}

void run(const Load& load, const std::string& socket, const Clock& clock) {
    const Agent agent(socket);
    EmitterSettings settings;
    settings.socket = socket;
    settings.service = "bench";
    Emitter emitter(settings);
    emitter.start();
    std::vector<Taken> taken(static_cast<std::size_t>(load.producers));
    const double sender_before = sender_nanoseconds();
    const auto from = steady_clock::now();
    {
        std::vector<std::jthread> producers;
        for (Taken& one : taken) producers.emplace_back([&] { one = produce(emitter, load, clock); });
    }
    const std::chrono::duration<double> seconds = steady_clock::now() - from;
    const double sender = sender_nanoseconds() - sender_before;
    emitter.stop(std::chrono::seconds(5));
    print(load, taken, seconds.count(), sender, clock);
}

int record_only(const std::string& socket, long events) {
    EmitterSettings settings;
    settings.socket = socket;
    Emitter emitter(settings);
    emitter.start();
    const RequestEvent event = bench::typical_request();
    for (long i = 0; i < events; ++i) emitter.record(event);
    emitter.stop(std::chrono::milliseconds(0));
    std::printf("%ld events, %llu accepted\n", events, static_cast<unsigned long long>(emitter.counts().accepted));
    return 0;
}

}  // namespace

int main(int count, char** arguments) {
    std::string folder = "/dev/shm/outrigger-bench-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return 1;
    const std::string socket = folder + "/agent.sock";
    int result = 0;
    if (count == 3 && std::string(arguments[1]) == "calls") {
        result = record_only(socket, std::atol(arguments[2]));
    } else {
        const Clock clock;
        std::printf("record(), encoding included; clock readings cost %.0f ns, taken off\n",
                    static_cast<double>(clock.overhead) * clock.nanoseconds);
        for (const Load& load : std::array{
                 Load{"1 producer at 20,000/s", 1, 20'000, 100'000},
                 Load{"4 producers at 5,000/s each", 4, 5'000, 25'000},
                 Load{"1 producer, no pause", 1, 0, 2'000'000},
                 Load{"4 producers, no pause", 4, 0, 500'000},
             })
            run(load, socket, clock);
    }
    std::filesystem::remove_all(folder);
    return result;
}
