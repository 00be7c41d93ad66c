// A: processes that die, stop and come again.
#include "tests/faults/catalogue.h"

namespace outrigger::faults {
namespace {

void restart(World& world) {
    world.agent.kill_hard();
    world.agent.launch();
}

void agent_killed(World& world) {
    world.start();
    for (int i = 0; i < 10; ++i) {
        world.pause(100, 600);
        restart(world);
        world.fired("kills of the agent");
    }
}

void agent_away(World& world) {
    world.start();
    world.agent.kill_hard();
    world.fired("kills of the agent");
    std::this_thread::sleep_for(8s);
    world.agent.launch();
}

void agent_stopped(World& world) {
    world.start(Shape::l3);
    world.agent.pause();
    world.fired("stops of the agent");
    std::this_thread::sleep_for(4s);
    world.agent.resume();
}

void app_killed(World& world) {
    world.start(Shape::l2);
    for (int i = 0; i < 20; ++i) {
        world.pause(50, 250);
        world.kill_process(static_cast<std::size_t>(world.from(0, static_cast<int>(world.processes()) - 1)));
        world.fired("kills of the app");
    }
}

void both_killed(World& world) {
    world.start();
    for (int i = 0; i < 8; ++i) {
        world.pause(200, 700);
        if (i % 2 == 0) world.agent.kill_hard();
        world.kill_process(0);
        if (i % 2 != 0) world.agent.kill_hard();
        world.agent.launch();
        world.fired("kills of both");
    }
}

void all_killed(World& world) {
    world.start();
    for (int i = 0; i < 4; ++i) {
        world.pause(300, 900);
        world.agent.kill_hard();
        world.kill_process(0);
        world.postgres.stop_immediate();
        world.postgres.start();
        world.agent.launch();
        world.fired("kills of all");
    }
}

}  // namespace

std::vector<Case> process_cases() {
    return {
        {"A1", "the agent is killed and comes at once", Drops::none, agent_killed},
        {"A3", "the agent is away for longer than the rings last", Drops::counted, agent_away},
        {"A4", "the agent is stopped, with bursts", Drops::counted, agent_stopped},
        {"A5", "processes of the app are killed", Drops::none, app_killed},
        {"A6", "app and agent are killed together, in both orders", Drops::none, both_killed},
        {"A7", "app, agent and Postgres are killed together", Drops::none, all_killed},
    };
}

}  // namespace outrigger::faults
