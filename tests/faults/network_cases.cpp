// D: the network between the agent and Postgres.
#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"

namespace outrigger::faults {
namespace {

void black_hole(World& world) {
    auto& proxy = put_proxy_before_postgres(world);
    world.start();
    proxy.stall(true);
    const bool seen = goes_down(world, "rows", {"no answer from Postgres"}, 16s);
    world.expect(seen, "not detected within 16 s");
    world.fired("connections in a black hole", proxy.stalls());
    expect_others_flow(world);
    proxy.stall(false);  // what was on its way comes late
    world.expect(world.rows_arrive(40s), "no rows after the black hole");
}

void reset_storm(World& world) {
    auto& proxy = put_proxy_before_postgres(world);
    world.start();
    for (int i = 0; i < 30; ++i) {
        proxy.refuse(world.from(0, 1) == 1);
        proxy.reset_all();
        world.pause(20, 400);
    }
    proxy.refuse(false);
    world.fired("resets", proxy.resets());
    world.expect(world.rows_arrive(40s), "no rows after the resets");
}

void peer_forgotten(World& world) {
    auto& proxy = put_proxy_before_postgres(world);
    world.start();
    proxy.forget_all();
    world.expect(world.rows_arrive(20s), "a peer that is gone without a word is not noticed within 20 s");
    world.fired("peers gone without a word", proxy.stalls());
}

}  // namespace

std::vector<Case> network_cases() {
    return {
        {"D1", "Postgres is in a black hole", Drops::none, black_hole},
        {"D2", "connections to Postgres are reset again and again", Drops::none, reset_storm},
        {"D3", "Postgres's end is gone without a word", Drops::none, peer_forgotten},
    };
}

}  // namespace outrigger::faults
