// A: processes that die, stop and come again.
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/faults/catalogue.h"
#include "tests/faults/strace.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

namespace fs = std::filesystem;

void restart(World& world) {
    world.kill_agent();
    world.agent.launch();
}

// As a shell gives it.
bool was_killed(const std::optional<int>& status) { return status == 128 + SIGKILL; }

// Of a process: T when it is stopped.
char state_of(pid_t process) {
    std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
    const std::string text((std::istreambuf_iterator<char>(stat)), {});
    const auto name_end = text.rfind(')');
    return name_end + 2 < text.size() ? text[name_end + 2] : '?';
}

void agent_killed(World& world) {
    world.start();
    for (int i = 0; i < world.times(10, 30); ++i) {
        world.pause(100, 600);
        restart(world);
        world.fired("kills of the agent");
    }
}

// Twice, so that what was dropped is told twice.
void agent_away(World& world) {
    world.start();
    for (int i = 0; i < 2; ++i) {
        world.kill_agent();
        world.fired("kills of the agent");
        std::this_thread::sleep_for(7s);
        world.agent.start();
        world.expect(world.rows_arrive(), "A3: no rows");
    }
}

void agent_stopped(World& world) {
    world.start(Shape::l3);
    world.agent.pause();
    world.fired("stops of the agent", peers::eventually(5s, [&] { return state_of(world.agent.id()) == 'T'; }) ? 1 : 0);
    std::this_thread::sleep_for(4s);
    world.agent.resume();
}

void app_killed(World& world) {
    world.start(Shape::l2);
    for (int i = 0; i < world.times(20, 40); ++i) {
        world.pause(50, 250);
        world.kill_process(static_cast<std::size_t>(world.from(0, static_cast<int>(world.processes()) - 1)));
        world.fired("kills of the app");
    }
}

void both_killed(World& world) {
    world.start();
    for (int i = 0; i < 8; ++i) {
        world.pause(200, 700);
        if (i % 2 == 0) world.kill_agent();
        world.kill_process(0);
        if (i % 2 != 0) world.kill_agent();
        world.agent.launch();
        world.fired("kills of both");
    }
}

// The agent has read what the app sent, and the disk takes its time: the app dies, its ring is found, the agent dies.
void both_killed_before_the_disk(World& world) {
    world.start();
    for (int i = 0; i < 3; ++i) {
        world.pause(200, 500);
        {
            const Strace slow(world.agent.id(), "pwritev:delay_enter=2000000");
            world.pause(100, 300);
            world.kill_process(0);
            world.pause(700, 1000);
            world.kill_agent();
            world.fired("kills of both before the disk had it", slow.seen() > 0 ? 1 : 0);
        }
        world.agent.start();
    }
}

void all_killed(World& world) {
    world.start();
    for (int i = 0; i < 4; ++i) {
        world.pause(300, 900);
        world.kill_agent();
        world.kill_process(0);
        world.postgres.stop_immediate();
        world.postgres.start();
        world.agent.launch();
        world.fired("kills of all");
    }
}

// Killed at the entry of a system call, so before what it would do and after all that it has done: each on the road
// from the socket to the disk, to Postgres and back.
void agent_killed_at_each_call(World& world) {
    constexpr std::array calls = {"pwritev", "fdatasync", "pwrite64", "sendto", "recvfrom", "openat", "poll"};
    world.start();
    for (const std::string call : calls) {
        {
            const Strace strace(world.agent.id(), call + ":signal=SIGKILL:when=" + std::to_string(world.from(1, 3)));
            world.fired("kills at " + call, was_killed(world.agent.wait(8s)) ? 1 : 0);
        }
        if (!world.agent.running()) world.agent.start();
    }
}

// Its threads are in the middle of record() now and then.
void app_aborts(World& world) {
    world.start(Shape::l2);
    for (int i = 0; i < 12; ++i) {
        world.pause(50, 250);
        world.kill_process(static_cast<std::size_t>(world.from(0, static_cast<int>(world.processes()) - 1)), SIGSEGV);
        world.fired("segmentation faults of the app");
    }
    world.expect(peers::eventually(5s, [&] { return world.rings() == world.processes(); }),
                 "A8: rings of the dead are left");
}

void app_recycles(World& world) {
    world.start(Shape::l2);
    for (int i = 0; i < 16; ++i) {
        world.pause(50, 150);
        world.end_process(0);
        world.fired("processes that ended in good order");
    }
    world.expect(peers::eventually(5s, [&] { return world.rings() == world.processes(); }), "A9: rings are left");
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> found;
    std::error_code gone;
    for (const auto& process : fs::directory_iterator("/proc", gone)) {
        if (std::isdigit(process.path().filename().string().front()) == 0) continue;
        std::ifstream stat(process.path() / "stat");
        std::string text((std::istreambuf_iterator<char>(stat)), {});
        const auto name_end = text.rfind(')');
        if (name_end == std::string::npos) continue;
        if (std::atoi(text.c_str() + name_end + 4) == parent) found.push_back(std::atoi(text.c_str()));
    }
    return found;
}

// Rings and sockets of ours that a process holds.
std::size_t held(pid_t process, const std::string& rings_folder) {
    std::size_t count = 0;
    std::error_code gone;
    for (const auto& file : fs::directory_iterator("/proc/" + std::to_string(process) + "/fd", gone)) {
        const std::string name = fs::read_symlink(file.path(), gone);
        count += name.starts_with(rings_folder) || name.starts_with("socket:") ? 1 : 0;
    }
    return count;
}

// Processes that become another program, and such that start others, which outlive them.
void app_execs(World& world) {
    world.no_traces();  // whose server's connections are inherited
    world.start(Shape::l2);
    const std::string rings_folder = world.agent.socket() + ".rings";
    for (int i = 0; i < 8; ++i) {
        world.pause(50, 150);
        const auto which = static_cast<std::size_t>(world.from(0, static_cast<int>(world.processes()) - 1));
        const pid_t process = world.id_of(which);
        const std::size_t before = children_of(process).size();
        world.spawn_child(which);
        const bool came = peers::eventually(5s, [&] { return children_of(process).size() > before; });
        for (const pid_t child : children_of(process)) {
            const bool clean = peers::eventually(2s, [&] { return held(child, rings_folder) == 0; });
            world.expect(clean, "A10: a child holds its parent's ring or connection");
        }
        world.fired("children of the app that live on", came ? 1 : 0);
        if (i % 2 == 0) {
            world.renew_process(which);
            world.fired("processes that became another program");
        } else {
            world.kill_process(which);
            world.fired("kills of processes with children");
        }
    }
    world.expect(peers::eventually(5s, [&] { return world.rings() == world.processes(); }), "A10: rings are left");
}

// Somebody unrelated gets the process id of the dead: the ring's lock tells, not the number.
void process_id_used_again(World& world) {
    world.start();
    for (int i = 0; i < 3; ++i) {
        world.pause(200, 500);
        world.agent.kill_hard();
        pid_t number = world.id_of(0);
        world.kill_process(0);
        clone_args wanted{};
        wanted.exit_signal = SIGCHLD;
        wanted.set_tid = reinterpret_cast<std::uint64_t>(&number);
        wanted.set_tid_size = 1;
        const auto stranger = static_cast<pid_t>(::syscall(SYS_clone3, &wanted, sizeof wanted));
        if (stranger == 0) {
            ::prctl(PR_SET_PDEATHSIG, SIGKILL);
            while (true) ::pause();
        }
        world.fired("process ids used again", stranger == number ? 1 : 0);
        world.agent.start();
        world.expect(peers::eventually(5s, [&] { return world.rings() == world.processes(); }),
                     "A13: a ring of the dead is left");
        if (stranger > 0) {
            ::kill(stranger, SIGKILL);
            ::waitpid(stranger, nullptr, 0);
        }
    }
}

}  // namespace

std::vector<Case> process_cases() {
    return {
        {"A1", "the agent is killed and comes at once", Drops::none, agent_killed},
        {"A2", "the agent is killed at each of its system calls", Drops::none, agent_killed_at_each_call,
         Strace::unavailable},
        {"A3", "the agent is away for longer than the rings last", Drops::counted, agent_away},
        {"A4", "the agent is stopped, with bursts", Drops::counted, agent_stopped},
        {"A5", "processes of the app are killed", Drops::none, app_killed},
        {"A6", "app and agent are killed together, in both orders", Drops::none, both_killed},
        {"A6b", "app and agent are killed before a slow disk has what was sent", Drops::none,
         both_killed_before_the_disk, Strace::unavailable},
        {"A7", "app, agent and Postgres are killed together", Drops::none, all_killed},
        {"A8", "processes of the app crash", Drops::none, app_aborts},
        {"A9", "processes of the app come and go", Drops::none, app_recycles},
        {"A10", "processes of the app become and start other programs", Drops::none, app_execs},
        {"A13", "somebody else gets the process id of the dead", Drops::none, process_id_used_again,
         [] { return std::string(::geteuid() == 0 ? "" : "only root can choose a process id"); }},
    };
}

}  // namespace outrigger::faults
