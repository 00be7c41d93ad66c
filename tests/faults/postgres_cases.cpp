// C: Postgres that dies, comes again as another, and whose answers are lost around the commit.
#include <signal.h>

#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

using Fate = TcpProxy::Fate;

void restarted(World& world) {
    world.start();
    for (int i = 0; i < 4; ++i) {
        world.pause(200, 1200);
        if (i % 2 == 0) {
            world.postgres.stop();
            world.fired("stops");
        } else {
            world.postgres.stop_immediate();
            world.fired("crashes of Postgres");
        }
        world.pause(0, 300);
        world.postgres.start();
    }
}

void backends_terminated(World& world) {
    world.start();
    for (int i = 0; i < 6; ++i) {
        const bool there = peers::eventually(20s, [&] { return backend_of_agent(world.postgres) != 0; });
        world.expect(there, "the agent does not connect again");
        world.pause(20, 500);
        world.fired("backends terminated", static_cast<std::uint64_t>(terminate_backends_of_agent(world.postgres)));
    }
}

void cut_around_commit(World& world) {
    auto& proxy = put_proxy_before_postgres(world);
    world.start();
    for (std::size_t i = 0; i < static_cast<std::size_t>(world.times(6, 45)); ++i) {
        constexpr std::array fates{Fate::cut, Fate::answer_lost, Fate::cut_behind};
        const auto before = proxy.cuts();
        const Fate fate = fates.at(i % fates.size());
        cut_next_commit(proxy, fate);
        world.expect(peers::eventually(30s, [&] { return proxy.cuts() > before; }), "no commit to cut");
        world.fired(fate == Fate::cut ? "cuts before COMMIT" : "cuts after COMMIT", proxy.cuts() - before);
        world.expect(world.rows_arrive(), "no rows after a cut");  // each failure in a row is waited for longer
    }
}

// The backend has the COMMIT before it and does not run; another one stores the same meanwhile, or tries to; then it
// runs.
void zombie_commit(World& world) {
    auto& zombie = world.keep<std::atomic<pid_t>>(0);
    auto& proxy = put_proxy_before_postgres(world);
    world.start();
    cut_next_commit(proxy, Fate::cut_behind, [&] {
        zombie = backend_of_agent(world.postgres);
        if (zombie > 0) ::kill(zombie, SIGSTOP);
    });
    const bool stopped = peers::eventually(20s, [&] { return proxy.cuts() > 0 && zombie > 0; });
    world.expect(stopped, "no commit to stop");
    constexpr const char* waits =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'outrigger'";
    const bool blocked = peers::eventually(10s, [&] { return world.postgres.number(waits) > 0; });
    world.fired("commits held by a stopped backend, its successor waiting", stopped && blocked ? 1 : 0);
    world.pause(100, 5500);
    if (zombie > 0) ::kill(zombie, SIGCONT);
    world.expect(world.rows_arrive(40s), "no rows after the zombie's commit");
}

// The standby lags, as an asynchronous one may: what it has not received goes with the primary. The agent knows two
// hosts, and finds the one that takes rows.
void failover(World& world) {
    const std::array<TcpProxy*, 2> hosts{&world.keep<TcpProxy>(world.postgres.port()),
                                         &world.keep<TcpProxy>(world.postgres.port())};
    const auto address = [&](std::size_t which) { return "127.0.0.1:" + std::to_string(hosts.at(which)->port()); };
    world.agent.flags =
        world.agent_flags("postgresql://postgres:hunter2@" + address(0) + "," + address(1) + "/postgres");
    world.start();
    for (std::size_t i = 0; i < static_cast<std::size_t>(world.times(2, 4)); ++i) {
        TcpProxy& other = *hosts.at((i + 1) % hosts.size());
        const auto standby = peers::PostgresCluster::standby_of(world.postgres);
        other.retarget(standby->port());
        standby->query("ALTER SYSTEM SET primary_conninfo = ''");
        standby->query("SELECT pg_reload_conf()");
        world.expect(
            peers::eventually(10s, [&] { return standby->number("SELECT count(*) FROM pg_stat_wal_receiver") == 0; }),
            "the standby still follows");
        world.expect(world.rows_arrive(), "no rows for the tail");
        const double before = counter(world, "rewound", "rows");
        const auto visits = other.connections();
        world.postgres.stop_immediate();
        standby->promote();
        world.postgres.swap(*standby);
        world.expect(world.rows_arrive(40s), "no rows after the failover");
        world.fired("failovers");
        world.fired("hosts found that take rows", other.connections() > visits ? 1 : 0);
        world.fired("events rewound", static_cast<std::uint64_t>(counter(world, "rewound", "rows") - before));
    }
}

}  // namespace

std::vector<Case> postgres_cases() {
    return {
        {"C1", "Postgres is stopped, or crashes, and comes again", Drops::none, restarted},
        {"C2", "backends are terminated at random", Drops::none, backends_terminated},
        {"C3", "the link is cut around COMMIT, before and behind it", Drops::none, cut_around_commit},
        {"C4", "a backend that was given up commits later", Drops::none, zombie_commit},
        {"C6", "failover to a standby that lags, on another host: the tail is lost", Drops::none, failover},
    };
}

}  // namespace outrigger::faults
