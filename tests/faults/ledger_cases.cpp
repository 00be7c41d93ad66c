// C: commits in doubt without a cut, servers that take no rows, and ledgers and journals that somebody moved.
#include <filesystem>

#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

namespace fs = std::filesystem;

void standby_wait_cancelled(World& world) {
    world.start();
    const auto wait_for = [&](const char* setting) {
        world.postgres.query(std::string("ALTER SYSTEM ") + setting);
        world.postgres.query("SELECT pg_reload_conf()");
    };
    constexpr const char* cancel =
        "SELECT count(*) FILTER (WHERE pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND "
        "application_name = 'outrigger'";
    wait_for("SET synchronous_standby_names = 'nobody'");
    for (int i = 0; i < 4; ++i) {
        long cancelled = 0;
        peers::eventually(20s, [&] { return (cancelled = world.postgres.number(cancel)) > 0; });
        world.fired("waits for a standby cancelled", static_cast<std::uint64_t>(cancelled));
    }
    wait_for("RESET synchronous_standby_names");
    world.expect(world.agent.log().contains("did not wait for its standby"), "the warning was not taken as doubt");
    world.expect(world.rows_arrive(40s), "no rows after the waits");
}

void read_only(World& world) {
    auto& proxy = put_proxy_before_postgres(world);
    world.start();
    const auto standby = peers::PostgresCluster::standby_of(world.postgres);
    proxy.retarget(standby->port());
    proxy.reset_all();
    world.fired("connections to a standby", goes_down(world, "rows", {"standby", "read-only"}) ? 1 : 0);
    expect_others_flow(world);
    proxy.retarget(world.postgres.port());
    world.expect(world.rows_arrive(20s), "no rows after the standby");
    world.postgres.query("ALTER ROLE postgres SET default_transaction_read_only = on");
    proxy.reset_all();
    world.fired("sessions that may only read", goes_down(world, "rows", {"standby", "read-only"}) ? 1 : 0);
    world.postgres.query(
        "BEGIN; SET TRANSACTION READ WRITE; ALTER ROLE postgres RESET default_transaction_read_only; COMMIT");
    world.expect(world.rows_arrive(20s), "no rows after it was writable again");
    world.expect(world.postgres.number("SELECT count(*) FROM outrigger_dead_letter") == 0, "dead letters");
}

void ledger_moved(World& world) {
    world.start();
    const std::vector<std::pair<const char*, const char*>> hands{
        {"ledger rows deleted", "DELETE FROM outrigger_ledger"},
        {"ledgers set back", "UPDATE outrigger_ledger SET position = 5, accepted = 5"},
        {"tables restored from an older dump",
         "BEGIN; LOCK TABLE outrigger_ledger IN EXCLUSIVE MODE; UPDATE outrigger_ledger SET position = "
         "greatest(position - 1500, 1); DELETE FROM request_log AS r USING outrigger_ledger AS l WHERE r.position > "
         "l.position; UPDATE "
         "outrigger_ledger SET accepted = (SELECT count(*) FROM request_log); COMMIT"},
    };
    for (const auto& [what, statements] : hands) {
        world.pause(100, 900);
        world.postgres.query(statements);
        world.fired(what);
        world.expect(world.rows_arrive(20s), std::string("no rows after: ") + what);
    }
    peers::eventually(10s, [&] { return counter(world, "rewound", "rows") > 0; });
    world.fired("events rewound", static_cast<std::uint64_t>(counter(world, "rewound", "rows")));
}

// A second agent on the same data, and one with a copy of it: the first is refused, the second goes on as another.
void second_agent(World& world) {
    world.start();
    auto& second = world.keep<peers::Agent>(std::vector<std::string>{"--postgres", world.postgres.uri()});
    fs::create_directory_symlink(world.agent.data(), second.data());
    second.launch();
    world.fired("second agents refused", second.wait(10s) == 75 ? 1 : 0);
    fs::remove(second.data());
    world.end_load();
    const auto settled = [](const peers::Agent& agent) {
        return peers::eventually(30s, [&] { return agent.scrape().sum("outrigger_sink_pending_events") == 0; });
    };
    world.expect(settled(world.agent), "the first does not settle");
    world.agent.kill_hard();
    fs::copy(world.agent.data(), second.data(), fs::copy_options::recursive);
    world.agent.start();
    second.start();
    world.start_load(Shape::l1);
    world.expect(world.rows_arrive(), "no rows beside a copy");
    second.kill_hard();
    second.start();  // reads the ledger anew, which has gone on without it
    const auto journals = [&] { return world.postgres.number("SELECT count(*) FROM outrigger_ledger"); };
    world.fired("copies of a journal told apart", peers::eventually(20s, [&] { return journals() == 2; }) ? 1 : 0);
    world.expect(settled(second), "the second does not settle");
    world.expect(world.rows_arrive(), "no rows beside a copy");
    second.stop();
}

}  // namespace

std::vector<Case> ledger_cases() {
    return {
        {"C7", "commits whose wait for a standby is cancelled", Drops::none, standby_wait_cancelled},
        {"C8", "a standby, and a session that may only read", Drops::none, read_only},
        {"C19", "a second agent: on the same data, and with a copy of it", Drops::none, second_agent},
        {"C20", "the ledger is deleted, set back, and restored with its tables from an older dump", Drops::none,
         ledger_moved},
    };
}

}  // namespace outrigger::faults
