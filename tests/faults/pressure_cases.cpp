// C: Postgres that runs out of something: connections, disk, time; and others who are in the way.
#include <pqxx/pqxx>

#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/peers/small_disk.h"

namespace outrigger::faults {
namespace {

void no_connection_left(World& world) {
    use_role(world, "writer");
    world.start();
    bool refused = false;
    {
        std::vector<std::unique_ptr<pqxx::connection>> holders;
        const auto take_all = [&] {
            try {
                while (true) holders.push_back(std::make_unique<pqxx::connection>(world.postgres.uri("writer")));
            } catch (const std::exception&) {
                return;
            }
        };
        for (int i = 0; i < 20 && !refused; ++i) {
            take_all();
            terminate_backends_of_agent(world.postgres);
            take_all();
            refused = goes_down(world, "rows", {"slots are reserved", "too many"}, 1s);
        }
        expect_others_flow(world);
    }
    world.fired("connections refused", refused ? 1 : 0);
    world.expect(world.rows_arrive(40s), "no rows after there was room again");
}

void disk_full(World& world) {
    auto& folder = world.keep<peers::TemporaryFolder>();
    auto& disk = world.keep<peers::SmallDisk>(folder.path(), peers::SmallDisk::Kind::tmpfs, std::uint64_t{24} << 20);
    if (const auto user = peers::unprivileged_user()) folder.give_to(*user);
    world.postgres.query("CREATE TABLESPACE small LOCATION '" + folder.path().string() + "'");
    world.postgres.query("ALTER ROLE postgres SET default_tablespace = small");
    world.start();
    disk.fill();
    world.fired("rows without room", goes_down(world, "rows", {"53100"}, 20s) ? 1 : 0);
    expect_others_flow(world);
    disk.make_room();
    world.expect(world.rows_arrive(40s), "no rows after there was room again");
}

void in_the_way(World& world) {
    world.start();
    constexpr const char* count = "SELECT deadlocks FROM pg_stat_database WHERE datname = 'postgres'";
    long deadlocks = 0;
    for (int i = 0; i < 12 && deadlocks == 0; ++i) {
        // Whoever waits longest is not this session: the agent is the one to find out.
        world.postgres.query(
            "SET deadlock_timeout = '20s'; BEGIN; LOCK TABLE request_log IN SHARE MODE; SELECT pg_sleep(0.9); UPDATE "
            "outrigger_ledger SET updated_at = now(); COMMIT");
        peers::eventually(500ms, [&] { return world.postgres.number(count) > deadlocks; });
        deadlocks = world.postgres.number(count);
    }
    world.fired("deadlocks", static_cast<std::uint64_t>(deadlocks));
    world.expect(world.rows_arrive(20s), "no rows after the deadlocks");
    world.postgres.query("ALTER ROLE postgres SET default_transaction_isolation = 'serializable'");
    terminate_backends_of_agent(world.postgres);
    world.expect(world.rows_arrive(20s), "no rows in serializable transactions");
    const auto failures = [&] {
        world.postgres.query(
            "SET default_transaction_isolation = 'read committed'; BEGIN; UPDATE outrigger_ledger SET updated_at = "
            "now(); "
            "SELECT pg_sleep(0.7); COMMIT");
        return world.agent.log().contains("(40001)");
    };
    world.fired("serialization failures", peers::eventually(20s, failures) ? 1 : 0);
    world.postgres.query("ALTER ROLE postgres RESET default_transaction_isolation");
    world.expect(world.rows_arrive(20s), "no rows after the failures");
}

void slow_rows(World& world) {
    world.start();
    const auto make_slow = [&](const char* seconds) {
        change_schema(world,
                      std::string("CREATE OR REPLACE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                                  "PERFORM pg_sleep(") +
                          seconds + "); RETURN new; END $$");
    };
    make_slow("0.005");
    change_schema(world, "CREATE TRIGGER slow BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION slow()");
    world.fired("batches that took too long", goes_down(world, "rows", {"57014"}, 20s) ? 1 : 0);
    expect_others_flow(world);
    world.expect(world.rows_arrive(15s), "no smaller batch is stored");
    make_slow("0");
}

}  // namespace

std::vector<Case> pressure_cases() {
    return {
        {"C5", "the disk of Postgres is full", Drops::none, disk_full,
         [] { return peers::SmallDisk::unavailable().value_or(""); }},
        {"C9", "no connection is left", Drops::none, no_connection_left},
        {"C17", "deadlocks and serialization failures", Drops::none, in_the_way},
        {"C18", "Postgres takes 200 rows a second", Drops::none, slow_rows},
    };
}

}  // namespace outrigger::faults
