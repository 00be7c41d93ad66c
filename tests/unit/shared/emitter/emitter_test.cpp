#include "shared/emitter/emitter.h"

#include <doctest/doctest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "shared/record.h"
#include "tests/unit/shared/emitter/allocations.h"
#include "tests/unit/shared/emitter/as_user.h"
#include "tests/unit/shared/emitter/fake_agent.h"
#include "tests/unit/shared/emitter/memory_folder.h"
#include "tests/unit/shared/emitter/ring_content.h"

using namespace outrigger;
using namespace std::chrono_literals;
using outrigger::test::AsUser;
using outrigger::test::FakeAgent;
using outrigger::test::is_root;
using outrigger::test::MemoryFolder;
using outrigger::test::RingContent;
using outrigger::test::stranger;

namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool thread_sanitized = true;  // its runtime has no threads in a child of a process with threads
#else
constexpr bool thread_sanitized = false;
#endif
#if defined(__SANITIZE_ADDRESS__)
constexpr bool sanitized = true;  // the runtimes make system calls of their own
#else
constexpr bool sanitized = thread_sanitized;
#endif

EmitterSettings settings_for(const MemoryFolder& folder) {
    EmitterSettings settings;
    settings.socket = folder / "agent.sock";
    settings.service = "shop";
    settings.ring_bytes = 1024 * 1024;
    return settings;
}

RequestEvent request(std::string_view route = "/users/:id") {
    RequestEvent event;
    event.method = "GET";
    event.route = route;
    event.path = "/users/7?full=1";
    event.status = 200;
    event.duration_us = 1234;
    event.message = "served";
    return event;
}

RequestView view_of(const std::string& record) { return RequestView::parse(std::as_bytes(std::span(record))).value(); }

// The files in the folder of the rings.
std::vector<std::string> rings(const MemoryFolder& folder) {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "agent.sock.rings"))
        found.push_back(entry.path());
    return found;
}

// Forks; the child never returns into the tests. Its exit code, or minus the signal that ended it.
template <class Work>
int in_child(Work work) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(work());
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// An agent that serves on a thread of its own until it goes.
class ServingAgent {
  public:
    explicit ServingAgent(const MemoryFolder& folder) : agent(folder / "agent.sock") {
        agent.listen();
        thread_ = std::jthread([this](const std::stop_token& stop) {
            while (!stop.stop_requested()) {
                agent.serve();
                std::this_thread::yield();
            }
            agent.serve();
        });
    }
    void finish() { thread_ = {}; }

    FakeAgent agent;  // to be looked at after finish()

  private:
    std::jthread thread_;
};

}  // namespace

TEST_CASE("an event before start is dropped as not started, and told once there is a ring") {
    MemoryFolder folder;
    Emitter emitter(settings_for(folder));
    CHECK(emitter.record(request()) == Recorded::not_started);
    CHECK(emitter.counts().dropped == 1);
    emitter.start();
    CHECK(emitter.record(request()) == Recorded::accepted);
    CHECK(emitter.counts().dropped == 1);
    emitter.stop(0ms);
    CHECK(emitter.record(request()) == Recorded::not_started);
    const RingContent content = RingContent::read(rings(folder).at(0));
    CHECK(content.drops[static_cast<std::size_t>(DropReason::not_started)] == 1);
    CHECK(content.entries.size() == 1);
}

TEST_CASE("what is recorded by many threads arrives whole, each number once, while the agent comes and goes") {
    MemoryFolder folder;
    constexpr int threads = 4;
    constexpr int each = 5'000;
    std::atomic<std::uint64_t> accepted = 0;
    Emitter emitter(settings_for(folder));
    emitter.start();
    ServingAgent serving(folder);
    std::vector<std::jthread> producers;
    for (int thread = 0; thread < threads; ++thread) {
        producers.emplace_back([&, thread] {
            const std::string route = "/thread/" + std::to_string(thread);
            for (int i = 0; i < each; ++i) {
                RequestEvent event = request(route);
                event.duration_us = i;
                while (emitter.record(event) != Recorded::accepted) std::this_thread::yield();
                ++accepted;
            }
        });
    }
    producers.clear();
    emitter.stop(20s);
    serving.finish();
    CHECK(rings(folder).size() == (emitter.counts().dropped == 0 ? 0 : 1));
    CHECK(accepted == threads * each);
    CHECK(emitter.counts().acknowledged == threads * each);
    REQUIRE(serving.agent.kept.size() == 1);
    std::map<std::string, std::int64_t> next;
    std::set<TraceId> traces;
    bool in_order = true;
    for (const std::string& record : serving.agent.kept.begin()->second.records) {
        const RequestView view = view_of(record);
        in_order &= view.duration_us == next[std::string(view.route)]++;
        traces.insert(view.trace_id);
    }
    CHECK(in_order);
    CHECK(next.size() == threads);
    CHECK(traces.size() == threads * each);
    CHECK(serving.agent.byes == 1);
    CHECK(serving.agent.wrong.empty());
}

TEST_CASE("ids that an event brings are kept, missing ones are made") {
    MemoryFolder folder;
    Emitter emitter(settings_for(folder));
    emitter.start();
    RequestEvent event = request();
    CHECK(emitter.record(event) == Recorded::accepted);
    event.trace_id.fill(0xAB);
    CHECK(emitter.record(event) == Recorded::accepted);
    event.span_id = 77;
    event.parent_id = 5;
    CHECK(emitter.record(event) == Recorded::accepted);
    emitter.stop(0ms);
    const RingContent content = RingContent::read(rings(folder).at(0));
    REQUIRE(content.entries.size() == 3);
    const auto now = static_cast<std::uint64_t>(::time(nullptr));
    const RequestView made = view_of(content.entries[0].record);
    std::uint64_t seconds = 0;
    for (std::size_t i = 0; i < 4; ++i) seconds = seconds << 8 | made.trace_id[i];
    CHECK(seconds >= now - 60);
    CHECK(seconds <= now);
    CHECK(made.span_id != 0);
    CHECK((made.span_id >> 63) == 0);
    const RequestView given = view_of(content.entries[1].record);
    CHECK(given.trace_id == event.trace_id);
    CHECK(given.span_id != 0);
    const RequestView whole = view_of(content.entries[2].record);
    CHECK(whole.span_id == 77);
    CHECK(whole.parent_id == 5);
}

TEST_CASE("what cannot be an event is refused and counted") {
    MemoryFolder folder;
    Emitter emitter(settings_for(folder));
    emitter.start();
    RequestEvent event = request();
    event.status = 99;
    CHECK(emitter.record(event) == Recorded::invalid);
    CHECK(emitter.record(MetricEvent{.kind = MetricKind::count, .name = "no spaces", .value = 1, .tags = {}}) ==
          Recorded::invalid);
    CHECK(emitter.record(MetricEvent{.kind = MetricKind::count, .name = "orders", .value = 1, .tags = {}}) ==
          Recorded::accepted);
    CHECK(emitter.counts().dropped == 2);
    CHECK(emitter.counts().accepted == 1);
    emitter.stop(0ms);
}

TEST_CASE("a full ring drops the newest and says how many, to the unit") {
    MemoryFolder folder;
    Emitter emitter(settings_for(folder));
    emitter.start();
    std::uint64_t accepted = 0;
    std::uint64_t dropped = 0;
    for (int i = 0; i < 20'000; ++i) {
        const Recorded recorded = emitter.record(request());
        accepted += recorded == Recorded::accepted;
        dropped += recorded == Recorded::ring_full;
    }
    CHECK(accepted + dropped == 20'000);
    CHECK(dropped > 0);
    CHECK(emitter.counts().accepted == accepted);
    CHECK(emitter.counts().dropped == dropped);
    ServingAgent serving(folder);
    emitter.stop(20s);
    serving.finish();
    REQUIRE(serving.agent.kept.size() == 1);
    const auto& kept = serving.agent.kept.begin()->second;
    CHECK(kept.records.size() == accepted);
    CHECK(kept.drops[static_cast<std::size_t>(DropReason::ring_full)] == dropped);
}

TEST_CASE("a forked child is not started; its own start makes another emitter, and the parent's goes on" *
          doctest::skip(thread_sanitized)) {
    MemoryFolder folder;
    ServingAgent serving(folder);
    Emitter emitter(settings_for(folder));
    emitter.start();
    CHECK(emitter.record(request("/parent")) == Recorded::accepted);
    const int child = in_child([&] {
        if (emitter.record(request()) != Recorded::not_started || emitter.counts().dropped != 1) return 1;
        emitter.start();
        for (int i = 0; i < 10; ++i) {
            if (emitter.record(request("/child")) != Recorded::accepted) return 2;
        }
        emitter.stop(20s);
        return emitter.counts().acknowledged == 10 ? 0 : 3;
    });
    CHECK(child == 0);
    CHECK(emitter.record(request("/parent")) == Recorded::accepted);
    emitter.stop(20s);
    serving.finish();
    CHECK(emitter.counts().acknowledged == 2);
    CHECK(serving.agent.kept.size() == 2);
    CHECK(serving.agent.byes == 2);
    for (const auto& [id, kept] : serving.agent.kept) {
        REQUIRE_FALSE(kept.records.empty());
        CHECK(kept.records.size() == (view_of(kept.records.at(0)).route == "/parent" ? 2 : 10));
    }
    CHECK(serving.agent.wrong.empty());
}

TEST_CASE("a forked child that never starts leaves its parent's emitter alone when it ends") {
    MemoryFolder folder;
    auto emitter = std::make_unique<Emitter>(settings_for(folder));
    emitter->start();
    CHECK(in_child([&] {
              emitter.reset();
              return 0;
          }) == 0);
    CHECK(emitter->record(request()) == Recorded::accepted);
    CHECK(rings(folder).size() == 1);
    emitter->stop(0ms);
}

TEST_CASE("everything accepted by a killed process is whole in its ring") {
    MemoryFolder folder;
    constexpr int events = 3'000;
    const int child = in_child([&] {
        Emitter emitter(settings_for(folder));
        emitter.start();
        for (int i = 0; i < events; ++i) {
            RequestEvent event = request();
            event.duration_us = i;
            if (emitter.record(event) != Recorded::accepted) return 1;
        }
        ::raise(SIGKILL);
        return 2;
    });
    CHECK(child == -SIGKILL);
    const RingContent content = RingContent::read(rings(folder).at(0));
    CHECK(content.hello.identity.service == "shop");
    CHECK(content.first == 1);
    CHECK(content.next == events + 1);
    REQUIRE(content.entries.size() == events);
    bool exact = true;
    for (int i = 0; i < events; ++i) {
        const auto& entry = content.entries[static_cast<std::size_t>(i)];
        exact &= entry.number == static_cast<std::uint64_t>(i) + 1 && view_of(entry.record).duration_us == i;
    }
    CHECK(exact);
}

TEST_CASE("an app whose ring cannot be made runs on, unharmed, and counts") {
    MemoryFolder folder;
    const int child = in_child([&] {
        const struct rlimit little{.rlim_cur = 8192, .rlim_max = 8192};
        ::setrlimit(RLIMIT_FSIZE, &little);  // SIGXFSZ as it is by default: it ends a process
        Emitter emitter(settings_for(folder));
        emitter.start();
        if (emitter.record(request()) != Recorded::no_ring) return 1;
        if (emitter.record(request()) != Recorded::no_ring) return 2;
        const auto counts = emitter.counts();
        emitter.stop(0ms);
        return counts.dropped == 2 && counts.accepted == 0 ? 0 : 3;
    });
    CHECK(child == 0);
    CHECK(rings(folder).empty());
}

TEST_CASE("what keeps a process from its agent is told with its remedy, until it is mended" *
          doctest::skip(!is_root() || thread_sanitized)) {
    MemoryFolder folder;
    ::chmod(folder.path().c_str(), 0755);
    std::filesystem::create_directory(folder / "agent.sock.rings");
    ::chmod((folder / "agent.sock.rings").c_str(), 02770);
    int told[2];
    REQUIRE(::pipe(told) == 0);
    ServingAgent serving(folder);
    const pid_t child = ::fork();
    if (child == 0) {
        const AsUser other(stranger, stranger);
        Emitter emitter(settings_for(folder));
        const bool before = emitter.trouble().empty();
        emitter.start();
        const auto soon = [&](auto holds) {
            for (int i = 0; i < 1'000 && !holds(); ++i) std::this_thread::sleep_for(10ms);
            return holds();
        };
        const auto says = [&](std::string_view text) { return emitter.trouble().find(text) != std::string::npos; };
        if (!before ||
            !soon([&] { return says("agent.sock: Permission denied: this process's user must be a member"); }))
            ::_exit(1);
        (void)!::write(told[1], "1", 1);
        if (!soon([&] { return says("agent.sock.rings: Permission denied"); })) ::_exit(2);
        (void)!::write(told[1], "2", 1);
        ::_exit(soon([&] { return emitter.trouble().empty(); }) ? 0 : 3);
    }
    ::close(told[1]);
    char step = 0;
    if (::read(told[0], &step, 1) == 1) ::chmod((folder / "agent.sock").c_str(), 0666);
    if (::read(told[0], &step, 1) == 1) ::chmod((folder / "agent.sock.rings").c_str(), 02777);
    int status = 0;
    ::waitpid(child, &status, 0);
    ::close(told[0]);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("record makes no system call, from a thread's first event to a full ring" * doctest::skip(sanitized)) {
    MemoryFolder folder;
    const int child = in_child([&] {
        Emitter emitter(settings_for(folder));
        emitter.start();
        static std::atomic<int> done = 0;
        std::thread recording([&] {
            sock_filter nothing[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS}};
            const sock_fprog program{1, nothing};
            ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            if (::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) ::_exit(9);
            for (int i = 0; i < 20'000; ++i) {
                emitter.record(request());
                emitter.record(MetricEvent{.kind = MetricKind::gauge, .name = "depth", .value = 1, .tags = {}});
            }
            done = 1;
            for (;;) continue;  // even its end would be a system call
        });
        while (done == 0) std::this_thread::yield();
        const auto counts = emitter.counts();
        ::_exit(counts.accepted > 0 && counts.dropped > 0 && counts.accepted + counts.dropped == 40'000 ? 0 : 1);
        return 0;
    });
    CHECK(child == 0);
}

TEST_CASE("record allocates nothing, however large the event") {
    MemoryFolder folder;
    Emitter emitter(settings_for(folder));
    emitter.start();
    const std::string stack(20'000, 's');
    const std::string broken = "caf\xE9 and \xF0\x9F\x9A\xA3";
    const std::vector<Tag> tags(40, Tag{"plan", broken});
    const std::vector<Span> spans(70, Span{.name = "SELECT",
                                           .resource = broken,
                                           .service = "db",
                                           .kind = "client",
                                           .start_us = 1,
                                           .duration_us = 2,
                                           .error = {},
                                           .tags = tags});
    RequestEvent event = request(broken);
    event.client = "192.0.2.7";
    event.error = {"Error", broken, stack};
    event.tags = tags;
    event.spans = spans;
    const std::uint64_t before = test::allocations_of_this_thread();
    const Recorded large = emitter.record(event);
    const Recorded small = emitter.record(request());
    const std::uint64_t after = test::allocations_of_this_thread();
    CHECK(large == Recorded::accepted);
    CHECK(small == Recorded::accepted);
    CHECK(after == before);
    ::operator delete(::operator new(1));
    CHECK(test::allocations_of_this_thread() == after + 1);  // the counter does count
    emitter.stop(0ms);
}

TEST_CASE("settings that cannot be are refused by name") {
    MemoryFolder folder;
    EmitterSettings settings = settings_for(folder);
    SUBCASE("a ring beyond the greatest") { settings.ring_bytes = std::size_t{1} << 30; }
    SUBCASE("a socket path that does not fit") { settings.socket = std::string(108, 'a'); }
    CHECK_THROWS_AS(Emitter{settings}, std::invalid_argument);
}

TEST_CASE("the environment sets what the settings leave out") {
    MemoryFolder folder;
    ::setenv("OUTRIGGER_SOCKET", (folder / "agent.sock").c_str(), 1);
    ::setenv("OUTRIGGER_RING_SIZE", "300KiB", 1);
    {
        Emitter emitter({});
        emitter.start();
        REQUIRE(rings(folder).size() == 1);
        CHECK(std::filesystem::file_size(rings(folder)[0]) == ring::header_bytes + 512 * 1024);
    }
    ::setenv("OUTRIGGER_RING_SIZE", "much", 1);
    CHECK_THROWS_WITH_AS(Emitter({}), "OUTRIGGER_RING_SIZE 'much': a size such as 4MiB is accepted",
                         std::invalid_argument);
    ::unsetenv("OUTRIGGER_SOCKET");
    ::unsetenv("OUTRIGGER_RING_SIZE");
}
