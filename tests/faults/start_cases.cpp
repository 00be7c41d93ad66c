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
    world.fired("starts without a folder in memory");
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
        world.expect(world.agent.wait(10s) == 2, "G3: a mistake in the settings does not end with 2");
        world.fired("starts with a mistake in the settings");
        run_with(no_rows, "tag-labels = \"plan\"\n");
        std::this_thread::sleep_for(700ms);
        world.agent.send(SIGTERM);
        world.expect(world.agent.wait(10s) == 0, "G3: does not end in good order without rows");
        world.fired("lives without a sink that had been on");
        run_with(all, i % 2 == 0 ? "max-series = 50\n" : "durability = \"process\"\n");
        world.expect(world.rows_arrive(20s), "G3: no rows after the sink is back");
        world.fired("sinks that came back");
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
        {"G3", "sinks go and come with the settings, and some settings are wrong", Drops::none, settings_change},
        {"G4", "another version takes over, forth and back, with a backlog", Drops::none, other_versions, no_earlier},
    };
}

}  // namespace outrigger::faults
