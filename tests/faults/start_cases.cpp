// F and G: starts with other settings, of another version, and where something that is usually there is not.
#include <array>
#include <fstream>
#include <thread>

#include "tests/faults/catalogue.h"
#include "tests/faults/strace.h"
#include "tests/integration/peers/build_folder.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

namespace fs = std::filesystem;

// What a hardened system may refuse, each for a whole life: the agent runs without it, or says what it cannot do
// without.
void refused_calls(World& world) {
    world.start();
    const peers::TemporaryFolder folder;
    for (const std::string refused :
         {"getrandom:error=EAGAIN", "prctl:error=EPERM", "prlimit64:error=EPERM", "fallocate:error=EOPNOTSUPP",
          "statfs,fstatfs:error=EPERM", "setsockopt:error=ENOPROTOOPT"}) {
        const std::string calls = refused.substr(0, refused.find(':'));
        world.agent.kill_hard();
        const std::string log = world.agent.log();
        const std::string calls_made = folder / calls;
        world.agent.wrapper = Strace::before(refused, calls_made);
        world.agent.launch();
        const bool serves = peers::eventually(
            20s, [&] { return !world.agent.running() || peers::get(world.agent.port(), "/metrics").status == 200; });
        if (world.agent.running()) {
            world.expect(serves, "F6: stands still without " + calls);
            world.expect(world.rows_arrive(20s), "F6: no rows without " + calls);
        } else {
            world.expect(world.agent.wait(0ms) == 1, "F6: without " + calls + " it ends, and not with 1");
            world.expect(world.agent.log().size() > log.size(), "F6: it ends without a word, without " + calls);
        }
        world.fired("refusals of " + calls, Strace::injected(calls_made));
    }
    world.agent.kill_hard();
    world.agent.wrapper = {};
    world.agent.start();
}

// strace counts the calls of each thread for itself: `calls`, of the one that starts the others.
struct StartCall {
    const char* name;
    int calls;  // at each start, at least
};

void each_call_of_the_start_is_the_last(World& world) {
    constexpr std::array<StartCall, 14> calls{{{"openat", 40},
                                               {"fallocate", 1},
                                               {"ftruncate", 2},
                                               {"rename", 2},
                                               {"unlink", 1},
                                               {"fdatasync", 3},
                                               {"fsync", 1},
                                               {"pread64", 20},
                                               {"pwrite64", 1},
                                               {"getdents64", 3},
                                               {"mkdir", 4},
                                               {"clone3", 6},
                                               {"eventfd2", 2},
                                               {"epoll_ctl", 2}}};
    world.start();
    const auto spare = world.agent.data() / "journal" / "spare.new";  // is removed by the next start
    for (const auto& [name, most] : calls) {
        const std::string call = name;
        world.pause(50, 200);
        world.expect(peers::eventually(5s, [&] { return std::filesystem::exists(spare); }), "G6b: no spare segment");
        world.kill_agent();
        world.agent.wrapper = Strace::before(call + ":signal=SIGKILL:when=" + std::to_string(world.from(1, most)));
        world.agent.launch();
        world.fired("kills at " + call, world.agent.wait(8s) == 128 + SIGKILL ? 1 : 0);
        world.agent.kill_hard();
        world.agent.wrapper = {};
        world.agent.start();
    }
}

// What the start cannot do without it says, and ends.
void no_threads_no_events(World& world) {
    world.start();
    world.agent.kill_hard();
    const peers::TemporaryFolder folder;
    for (const std::string refused : {"clone3:error=EAGAIN", "eventfd2:error=EMFILE", "epoll_create1:error=EMFILE"}) {
        const std::string call = refused.substr(0, refused.find(':'));
        const std::size_t said = world.agent.log().size();
        world.agent.wrapper = Strace::before(refused, folder / call);
        world.agent.launch();
        const auto status = world.agent.wait(10s);
        world.expect(status == 1, refused + ": exit status " + std::to_string(status.value_or(-1)));
        world.expect(world.agent.log().find("outrigger: ", said) != std::string::npos,
                     "F4: no line says why it ends without " + call);
        world.fired("refusals of " + call + " at a start", Strace::injected(folder / call));
        world.agent.kill_hard();
    }
    world.agent.wrapper = {};
    world.agent.start();
}

bool serves(const World& world) {
    try {
        return peers::get(world.agent.port(), "/metrics", {}, 200ms).status == 200;
    } catch (const std::exception&) {
        return false;
    }
}

void kills_during_the_start(World& world) {
    world.start();
    for (int i = 0; i < 40; ++i) {
        world.kill_agent();
        world.agent.launch();
        world.pause(0, 60);
        world.fired("kills during the start", serves(world) ? 0 : 1);
    }
    world.kill_agent();
    world.agent.start();
}

// None of the folders in memory is there, and no socket is named: a second agent, so that the load keeps its own.
void no_folder_in_memory(World& world) {
    const peers::TemporaryFolder folder;
    const std::string script = "set -e; mkdir " + (folder / "empty").string() +
                               "; for each in /dev/shm /run; do mount --bind " + (folder / "empty").string() +
                               " $each; mount -o remount,bind,ro $each; done; exec \"$@\"";
    const auto finished =
        peers::run({.arguments = {"unshare", "-m", "sh", "-c", script, "sh", peers::built("outrigger"), "--http",
                                  "127.0.0.1:0", "--data-dir", folder / "data"},
                    .environment = {},
                    .folder = folder.path(),
                    .name = "second"},
                   10s);
    world.expect(finished.status == 1, "F6: without a folder in memory: status " + std::to_string(finished.status));
    world.expect(finished.errors.find("--socket") != std::string::npos, "F6: it does not say what is missing");
    world.fired("starts without a folder in memory", finished.status == 1 ? 1 : 0);
}

void without_what_is_usual(World& world) {
    refused_calls(world);
    no_folder_in_memory(world);
}

// Settings change at a restart, as there is no reload: sinks go and come, a mistake in the file stops a start and
// nothing else. Whoever sends SIGHUP ends the agent as by a kill.
void settings_change(World& world) {
    world.start();
    const peers::TemporaryFolder folder;
    const std::string file = folder / "outrigger.toml";
    const auto all = world.agent.flags;
    world.sink_that_goes = "rows";
    const auto run_with = [&](std::vector<std::string> flags, const std::string& settings) {
        std::ofstream(file) << settings;
        world.agent.flags = std::move(flags);
        world.agent.flags.insert(world.agent.flags.end(), {"--config", file});
        world.agent.launch();
    };
    const std::vector<std::string> no_rows(all.begin() + 2, all.end());
    for (int i = 0; i < 3; ++i) {
        world.pause(100, 400);
        world.agent.send(i % 2 == 0 ? SIGHUP : SIGTERM);
        world.expect(world.agent.wait(10s).has_value(), "G3: does not end");
        run_with(all, "buckets = \"none of these\"\n");
        const bool refused = world.agent.wait(10s) == 2;
        world.expect(refused, "G3: a mistake in the settings does not end with 2");
        world.fired("starts with a mistake in the settings", refused ? 1 : 0);
        run_with(no_rows, "tag-labels = \"plan\"\n");
        std::this_thread::sleep_for(700ms);
        world.agent.send(SIGTERM);
        world.expect(world.agent.wait(10s) == 0, "G3: does not end in good order without rows");
        world.fired("lives without a sink that had been on");
        run_with(all, i % 2 == 0 ? "max-series = 50\n" : "durability = \"process\"\n");
        const bool back = world.rows_arrive(20s);
        world.expect(back, "G3: no rows after the sink is back");
        world.fired("sinks that came back", back ? 1 : 0);
    }
    world.agent.send(SIGTERM);
    world.expect(world.agent.wait(10s) == 0, "G3: does not end in good order");
    world.agent.flags = all;
    world.agent.start();
}

// Where an agent (and a load) of an earlier version may lie.
fs::path earlier(const char* program) { return fs::absolute("build/earlier/build") / program; }

// Forth and back, with a backlog each time, and processes whose emitter is of the other version.
void other_versions(World& world) {
    world.start();
    const std::string link = earlier("outrigger");
    for (int i = 0; i < 4; ++i) {
        world.postgres.stop();
        std::this_thread::sleep_for(1s);
        world.agent.kill_hard();
        // What becomes the agent may as well be another one: the arguments behind the first are the same.
        if (i % 2 == 0)
            world.agent.wrapper = {"sh", "-c", "shift; exec " + link + " \"$@\"", "sh"};
        else
            world.agent.wrapper = {};
        world.agent.start();
        const bool is_earlier = fs::read_symlink(world.agent.proc() / "exe") == link;
        world.expect(is_earlier == (i % 2 == 0), "G4: the version that runs is the other one");
        world.fired(i % 2 == 0 ? "downgrades with a backlog" : "upgrades with a backlog");
        world.postgres.start();
        world.expect(world.rows_arrive(20s), "G4: no rows of the backlog");
        world.load_program = i % 2 == 0 ? earlier("fault-cases") : fs::path();
        world.end_process(0);
        world.expect(world.rows_arrive(20s), "G4: no rows of an emitter of the other version");
        world.fired("emitters of an earlier version", i % 2 == 0 ? 1 : 0);
    }
}

}  // namespace

std::vector<Case> start_cases() {
    const auto no_earlier = [] {
        return fs::exists(earlier("outrigger")) && fs::exists(earlier("fault-cases"))
                   ? std::string()
                   : "no earlier version in build/earlier (make earlier COMMIT=...)";
    };
    const auto cannot_mount = [] {
        const std::string why = Strace::unavailable();
        return why.empty() && ::geteuid() != 0 ? std::string("only root can mount") : why;
    };
    return {
        {"F6", "calls that may be refused are, and no folder in memory is there", Drops::none, without_what_is_usual,
         cannot_mount},
        {"F4", "no threads, no descriptors at the start", Drops::counted, no_threads_no_events, Strace::unavailable},
        {"G6", "the agent is killed while it starts", Drops::none, kills_during_the_start},
        {"G6b", "the agent is killed at each system call of its start", Drops::none, each_call_of_the_start_is_the_last,
         Strace::unavailable},
        {"G3", "sinks go and come with the settings, and some settings are wrong", Drops::none, settings_change},
        {"G4", "another version takes over, forth and back, with a backlog", Drops::none, other_versions, no_earlier},
    };
}

}  // namespace outrigger::faults
