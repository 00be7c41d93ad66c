// A, F: the agent gets no memory, no processor, no time at all.
#include <sys/socket.h>

#include <csignal>
#include <thread>
#include <tuple>
#include <vector>

#include "shared/unix_socket.h"
#include "tests/faults/catalogue.h"
#include "tests/faults/control_group.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

void agent_out_of_memory(World& world) {
    world.start(Shape::l3);
    const std::string unfinished_line(60'000, 'x');
    const ControlGroup group("memory");
    for (int i = 0; i < 3; ++i) {
        world.pause(300, 900);
        group.take(world.agent.id());
        group.set("memory.limit_in_bytes", "2M");
        // What it has is not counted there: whoever comes anew makes it want more.
        std::vector<FileDescriptor> strangers;
        const bool killed = peers::eventually(5s, [&] {
            for (int n = 0; n < 20; ++n) {
                auto stranger = connect_unix(world.agent.socket());
                if (!stranger) break;
                std::ignore = ::send(stranger->get(), unfinished_line.data(), unfinished_line.size(),
                                     MSG_NOSIGNAL | MSG_DONTWAIT);
                strangers.push_back(std::move(*stranger));
            }
            return world.agent.wait(20ms).has_value();
        });
        world.fired("kills for want of memory", killed && world.agent.wait(0ms) == 128 + SIGKILL ? 1 : 0);
        group.set("memory.limit_in_bytes", "256M");
        if (!world.agent.running()) world.agent.start();
    }
}

void agent_starved(World& world) {
    world.start(Shape::l3);
    const ControlGroup group("cpu");
    group.set("cpu.cfs_period_us", "100000");
    group.set("cpu.cfs_quota_us", "2000");
    group.take(world.agent.id());
    std::this_thread::sleep_for(5s);
    world.fired("periods without processor",
                std::stoull(group.get("cpu.stat").substr(group.get("cpu.stat").find("nr_throttled ") + 13)));
}

void agent_frozen(World& world) {
    world.start(Shape::l3);
    const ControlGroup group("freezer");
    group.take(world.agent.id());
    group.set("freezer.state", "FROZEN");
    const bool frozen = peers::eventually(5s, [&] { return group.get("freezer.state").starts_with("FROZEN"); });
    world.fired("freezes of the agent", frozen ? 1 : 0);
    std::this_thread::sleep_for(4s);
    group.set("freezer.state", "THAWED");
}

}  // namespace

std::vector<Case> starved_cases() {
    return {
        {"A11", "the agent is killed for want of memory", Drops::none, agent_out_of_memory,
         [] { return ControlGroup::unavailable("memory"); }},
        {"A12", "the agent gets next to no processor", Drops::counted, agent_starved,
         [] { return ControlGroup::unavailable("cpu"); }},
        {"F2", "the agent is frozen, as in a suspend", Drops::counted, agent_frozen,
         [] { return ControlGroup::unavailable("freezer"); }},
    };
}

}  // namespace outrigger::faults
