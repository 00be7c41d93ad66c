#include "tests/faults/flood.h"

#include <spdlog/fmt/fmt.h>

#include "tests/integration/peers/line_client.h"

namespace outrigger::faults {

bool flood(World& world, int lines) {
    peers::LineClient client(world.agent.socket());
    client.send(fmt::format("{{\"type\":\"hello\",\"protocol\":1,\"emitter\":\"{:016x}{:016x}\",\"first\":1}}\n",
                            world.random(), world.random()));
    const std::string line =
        R"({"status":200,"duration_us":1,"path":"/flood","message":")" + std::string(3000, 'm') + "\"}\n";
    bool sent = true;
    for (int i = 0; i < lines && sent; ++i) sent = client.send(line);
    client.send("{\"type\":\"bye\"}\n");
    // Whose lines are acknowledged is let go when they are in the journal.
    const bool taken = client.closed_by_peer(30s) && sent;
    if (taken)
        world.others_sent(static_cast<std::uint64_t>(lines));
    else
        world.others_sent_some();
    return taken;
}

}  // namespace outrigger::faults
