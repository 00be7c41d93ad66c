// F and G: clocks, missing resources, stops and starts.
#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <csignal>
#include <fstream>
#include <thread>
#include <tuple>

#include "shared/unix_socket.h"
#include "tests/faults/catalogue.h"
#include "tests/faults/strace.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/line_client.h"

namespace outrigger::faults {
namespace {

// In a folder that is named after the architecture; nothing when it is not installed.
std::filesystem::path faketime_library() {
    for (const auto& folder : std::filesystem::directory_iterator("/usr/lib")) {
        const auto library = folder.path() / "faketime" / "libfaketimeMT.so.1";
        std::error_code error;
        if (std::filesystem::exists(library, error)) return library;
    }
    return {};
}

std::string no_faketime() {
    return faketime_library().empty() ? "libfaketime is not installed (Debian's package of that name)" : "";
}

// The wall clock of the agent jumps; the clock that only goes on does not.
void clock_jumps(World& world) {
    const peers::TemporaryFolder folder;
    const auto set = [&](const char* offset) { std::ofstream(folder / "offset") << offset << "\n"; };
    set("+0");
    world.agent.environment = {{"LD_PRELOAD", faketime_library()},
                               {"FAKETIME_TIMESTAMP_FILE", folder / "offset"},
                               {"FAKETIME_CACHE_DURATION", "1"},
                               {"FAKETIME_DONT_FAKE_MONOTONIC", "1"},
                               {"FAKETIME_DONT_RESET", "1"}};
    world.start();
    // What brings no time of its own gets the agent's.
    const auto clock = [&](const std::string& offset) {
        peers::LineClient(world.agent.socket())
            .send("{\"status\":200,\"duration_us\":0,\"path\":\"/clock/" + offset + "\"}\n");
        world.others_sent(1);
        const std::string mine = "where endpoint = '/clock/" + offset + "'";
        peers::eventually(10s, [&] { return world.postgres.number("select count(*) from request_log " + mine) > 0; });
        return world.postgres.number(
            "select coalesce(max(extract(epoch from \"timestamp\" - now()))::bigint, -1e12) from request_log " + mine);
    };
    constexpr long day = 86'400;
    const std::pair<const char*, long> jumps[] = {
        {"+365d", 365 * day}, {"-365d", -365 * day}, {"+1h", 3'600}, {"-2s", -2}, {"+0", 0}};
    for (const auto& [offset, seconds] : jumps) {
        set(offset);
        std::this_thread::sleep_for(1500ms);
        world.expect(world.rows_arrive(), std::string("P7: no rows with the clock at ") + offset);
        const long found = clock(offset);
        const bool jumped = found > seconds - 30 && found < seconds + 30;
        world.expect(jumped, std::string("F1: the clock at ") + offset + " is off by " + std::to_string(found) + " s");
        world.fired("jumps of the clock", jumped ? 1 : 0);
    }
    world.agent.kill_hard();
    world.agent.environment = {};
    world.agent.start();
}

// A process that has only begun to be the agent ends of SIGTERM as any does. Whoever waits for the signal shows it as
// not blocked meanwhile: the other threads tell.
bool listens_to_signals(pid_t process) {
    std::error_code gone;
    for (const auto& thread : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task", gone)) {
        std::ifstream status(thread.path() / "status");
        for (std::string line; std::getline(status, line);)
            if (line.starts_with("SigBlk:") && (std::stoull(line.substr(7), nullptr, 16) >> (SIGTERM - 1) & 1) != 0)
                return true;
    }
    return false;
}

void stops_in_good_order(World& world) {
    world.start();
    for (int i = 0; i < 8; ++i) {
        world.pause(100, 500);
        world.expect(peers::eventually(20s, [&] { return listens_to_signals(world.agent.id()); }), "G1: no start");
        const auto began = std::chrono::steady_clock::now();
        const int status = world.agent.stop();
        world.expect(status == 0, "G1: a stop ends with " + std::to_string(status) + " and not with 0");
        world.expect(std::chrono::steady_clock::now() - began < 9s, "G1: a stop takes longer than its deadline");
        world.agent.launch();
        world.fired("stops", status == 0 ? 1 : 0);
    }
}

void stops_cut_short(World& world) {
    world.start();
    for (int i = 0; i < 10; ++i) {
        world.pause(100, 500);
        world.agent.send(SIGTERM);
        world.pause(0, 60);
        world.fired("stops cut short", world.agent.running() ? 1 : 0);
        world.agent.kill_hard();
        world.agent.launch();
    }
}

// Whatever wants memory gets none: it may end, with a word and no crash, and loses nothing.
void no_memory(World& world) {
    world.start(Shape::l3);
    for (int i = 0; i < 4; ++i) {
        world.pause(300, 800);
        const Strace refusing(world.agent.id(), "mmap,brk,mremap:error=ENOMEM");
        // Each of these wants some.
        for (int n = 0; n < 8; ++n) std::ignore = connect_unix(world.agent.socket());
        try {
            for (int n = 0; n < 8; ++n) peers::get(world.agent.port(), "/metrics", {}, 500ms);
        } catch (const std::exception&) {
        }
        const auto status = world.agent.wait(1500ms);
        world.expect(!status || *status == 1,
                     "F3: ends with " + std::to_string(status.value_or(0)) + " and not with 1");
        world.fired("refusals of memory", refusing.injected());
        if (status) world.fired("ends for want of memory");
        world.agent.kill_hard();
        world.agent.start();
    }
}

// What came while Postgres was away is more than the agent may have of memory.
void starts_with_a_backlog(World& world) {
    constexpr int lines = 800'000;
    world.no_traces();
    world.start();
    world.end_load();
    world.postgres.stop();
    {
        peers::LineClient client(world.agent.socket());
        // Whose lines are acknowledged is let go when they are in the journal.
        std::string batch = R"({"type":"hello","protocol":1,"emitter":"0123456789abcdef0123456789abcdef","first":1})"
                            "\n";
        for (int i = 0; i < lines; ++i) {
            batch += "{\"status\":200,\"duration_us\":1,\"path\":\"/backlog/" + std::to_string(i) +
                     "\",\"message\":\"" + std::string(60, 'x') + "\"}\n";
            if (batch.size() < 60'000 && i + 1 < lines) continue;
            world.expect(client.send(batch), "G5: the agent hangs up");
            batch.clear();
        }
        client.send("{\"type\":\"bye\"}\n");
        world.expect(client.closed_by_peer(30s), "G5: not read to its end");
        world.others_sent(lines);
    }
    world.agent.kill_hard();
    const auto began = std::chrono::steady_clock::now();
    world.agent.start();
    world.expect(std::chrono::steady_clock::now() - began < 5s, "G5: the start takes longer than 5 s");
    world.fired("MiB of backlog at a start",
                static_cast<std::uint64_t>(world.agent.scrape().sum("outrigger_journal_bytes")) >> 20);
    world.expect(world.agent.resident_kib() < 64 * 1024,
                 "G5: " + std::to_string(world.agent.resident_kib()) + " KiB resident");
    world.postgres.start();
    world.expect(
        peers::eventually(60s,
                          [&] {
                              return world.postgres.number(
                                         "select count(*) from request_log where endpoint like '/backlog/%'") == lines;
                          }),
        "G5: not all of the backlog arrives");
}

// The log goes where nobody reads, then nowhere, then to a disk that is full.
void nobody_reads_the_log(World& world) {
    const peers::TemporaryFolder folder;
    const std::string fifo = folder / "log";
    world.expect(::mkfifo(fifo.c_str(), 0600) == 0, "no fifo");
    const FileDescriptor unread(::open(fifo.c_str(), O_RDWR | O_CLOEXEC));
    world.agent.flags.insert(world.agent.flags.end(), {"--log-level", "debug"});
    world.agent.wrapper = {"sh", "-c", "exec \"$@\" 2>>" + fifo + " 1>&2", "sh"};
    world.start();
    std::vector<char> full(1 << 20, 'x');
    ::fcntl(unread.get(), F_SETFL, O_NONBLOCK);
    while (::write(unread.get(), full.data(), full.size()) > 0) {
    }
    for (int i = 0; i < 3; ++i) {  // each has something to say
        world.postgres.stop();
        const bool down = peers::eventually(15s, [&] { return world.agent.ready() == 503; });
        world.expect(down, "F5: the agent stands still");
        world.postgres.start();
        world.expect(peers::eventually(15s, [&] { return world.agent.ready() == 200; }), "F5: the agent stays down");
        world.fired("changes of state with a full pipe for a log", down ? 1 : 0);
    }
    for (const char* sink : {"2>&- 1>&-", "2>/dev/full 1>&2"}) {
        world.agent.kill_hard();
        world.agent.wrapper = {"sh", "-c", std::string("exec \"$@\" ") + sink, "sh"};
        world.agent.start();
        world.expect(world.rows_arrive(), std::string("F5: no rows with ") + sink);
        world.fired("lives with a log that takes nothing");
    }
}

// As in a container: the root read-only, no capability, nobody's user.
void bare_container(World& world) {
    const std::string data = world.agent.data(), run = std::filesystem::path(world.agent.socket()).parent_path();
    std::filesystem::create_directory(data);
    for (const auto& folder : {data, run}) {
        if (::chown(folder.c_str(), 65534, 65534) != 0) throw std::runtime_error("no chown");
    }
    std::filesystem::permissions(std::filesystem::path(data).parent_path(), std::filesystem::perms{0755});
    world.agent.wrapper = {"unshare",
                           "-m",
                           "sh",
                           "-c",
                           "set -e; for each in " + data + " " + run +
                               "; do mount --bind $each $each; done; mount -o remount,bind,ro /; exec setpriv "
                               "--reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --no-new-privs \"$@\"",
                           "sh"};
    world.agent.start();
    std::ifstream status("/proc/" + std::to_string(world.agent.id()) + "/status");
    std::string text((std::istreambuf_iterator<char>(status)), {});
    const bool bare = text.contains("CapEff:\t0000000000000000") && text.contains("Uid:\t65534");
    world.fired("lives without rights", bare ? 1 : 0);
    world.start_load(Shape::l1);
    world.expect(world.rows_arrive(), "G7: no rows");
    world.agent.kill_hard();
    world.agent.start();
    std::this_thread::sleep_for(1s);
}

}  // namespace

std::vector<Case> life_cases() {
    const auto root = [] { return std::string(::geteuid() == 0 ? "" : "only root can do this"); };
    return {
        {"F1", "the wall clock jumps by a year, forth and back", Drops::counted, clock_jumps, no_faketime},
        {"F3", "no more memory for the agent", Drops::counted, no_memory, Strace::unavailable},
        {"F5", "the log is a full pipe, is closed, is a full disk", Drops::none, nobody_reads_the_log},
        {"G1", "the agent is stopped in good order, again and again", Drops::none, stops_in_good_order},
        {"G2", "a stop is cut short by a kill", Drops::none, stops_cut_short},
        {"G5", "a start with a backlog", Drops::none, starts_with_a_backlog},
        {"G7", "a read-only root, no capability, nobody's user", Drops::none, bare_container, root},
    };
}

}  // namespace outrigger::faults
