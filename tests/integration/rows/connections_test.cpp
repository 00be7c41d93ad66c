// Whom the sink connects to, as whom, and what it makes of a server that takes no rows.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

// Passwords are asked of this role alone.
void ask_for_password(const peers::PostgresCluster& cluster, const std::string& role) {
    cluster.query("COPY (SELECT line FROM (VALUES (1, 'host all " + role +
                  " 127.0.0.1/32 scram-sha-256'), (2, 'host all all 127.0.0.1/32 trust')) AS lines(n, line) ORDER BY "
                  "n) TO '" +
                  cluster.query("SHOW hba_file").at(0).at(0) + "'");
    cluster.query("SELECT pg_reload_conf()");
}

}  // namespace

TEST_CASE("rows: the password's file is read at each connection, and what is in it is said nowhere") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    cluster.query("CREATE ROLE keeper SUPERUSER LOGIN PASSWORD 'first-secret'");
    ask_for_password(cluster, "keeper");
    RowsSettings settings = settings_for(cluster, "keeper");
    settings.password_file = folder / "password";
    std::ofstream(folder / "password") << "wrong-secret";
    AgentLife life(folder.path(), {}, settings);
    life.offer(5);
    CHECK(down(life));
    CHECK(peers::eventually(5s, [&] { return life.times_said("password authentication failed") == 1; }));
    std::ofstream(folder / "password") << "first-secret\r\n";
    CHECK(drained(life));
    cluster.query("ALTER ROLE keeper PASSWORD 'second-secret'");
    cut_connections(cluster);
    life.offer(5);
    CHECK(down(life));
    std::filesystem::remove(folder / "password");
    CHECK(peers::eventually(30s, [&] { return life.health().last_error.find("cannot be read") != std::string::npos; }));
    std::ofstream(folder / "password") << "second-secret\nand a second line";
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 10);
    CHECK(life.times_said("-secret") == 0);
    CHECK(life.health().last_error.find("-secret") == std::string::npos);
}

TEST_CASE(
    "rows: a standby is waited for, nothing is concluded from its ledger, and once promoted it has each row once") {
    const peers::PostgresCluster primary;
    const peers::TemporaryFolder folder;
    SavedCheckpoint checkpoint;
    std::unique_ptr<peers::PostgresCluster> standby;
    {
        AgentLife life(folder.path(), {}, settings_for(primary));
        life.offer(100);
        REQUIRE(all_stored(primary, 100));
        REQUIRE(drained(life));
        standby = peers::PostgresCluster::standby_of(primary);
        standby->query("SELECT pg_wal_replay_pause()");
        REQUIRE(peers::eventually(
            10s, [&] { return standby->query("SELECT pg_get_wal_replay_pause_state()") == peers::Rows{{"paused"}}; }));
        life.offer(60);  // the standby has them, and does not show them yet
        REQUIRE(all_stored(primary, 160));
        REQUIRE(drained(life));
        REQUIRE(peers::eventually(10s, [&] {
            return standby->query("SELECT pg_last_wal_receive_lsn() >= '" +
                                  primary.query("SELECT pg_current_wal_lsn()").at(0).at(0) + "'") == peers::Rows{{"t"}};
        }));
        checkpoint = life.checkpoint();
    }
    AgentLife life(folder.path(), checkpoint, settings_for(*standby));
    life.offer(40);
    CHECK(down(life));
    CHECK(life.health().last_error.find("standby") != std::string::npos);
    CHECK(life.times_said("please run") == 0);
    standby->query("SELECT pg_wal_replay_resume()");
    standby->promote();
    CHECK(drained(life));
    CHECK(life.cursor().rewound == 0);
    CHECK(life.difference() == 0);
    const auto found = stores(*standby);
    CHECK(found.accepted == 200);
    CHECK(found.rows == 200);
    CHECK(found.dead == 0);
    CHECK(found.balanced());
}

TEST_CASE("rows: among several hosts the one that takes rows is found") {
    const peers::PostgresCluster primary;
    const peers::TemporaryFolder folder;
    const auto standby = peers::PostgresCluster::standby_of(primary);
    RowsSettings settings = settings_for(primary);
    settings.postgres =
        "host=127.0.0.1,127.0.0.1 user=postgres dbname=postgres port=" + std::to_string(standby->port()) + "," +
        std::to_string(primary.port());
    AgentLife life(folder.path(), {}, settings);
    life.offer(5);
    CHECK(drained(life));
    CHECK(stores(primary).rows == 5);
}

TEST_CASE("rows: a database that is read-only is waited for, and gets the rows when it no longer is") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    cluster.query("ALTER ROLE postgres SET default_transaction_read_only = on");
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(5);
    CHECK(down(life));
    cluster.query("BEGIN; SET TRANSACTION READ WRITE; ALTER ROLE postgres RESET default_transaction_read_only; COMMIT");
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 5);
}

TEST_CASE("rows: PG* variables fill what the URI leaves out, limits of ours among them") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    RowsSettings settings = settings_for(cluster);
    settings.postgres = "postgresql://postgres@127.0.0.1/postgres";
    ::setenv("PGPORT", std::to_string(cluster.port()).c_str(), 1);
    ::setenv("PGAPPNAME", "named-by-variable", 1);
    ::setenv("PGCLIENTENCODING", "LATIN1", 1);  // this one is not the user's to choose
    AgentLife life(folder.path(), {}, settings);
    RequestEvent event;
    event.path = "/caf\u00e9";
    event.status = 200;
    life.offer(event);
    CHECK(drained(life));
    CHECK(cluster.number("SELECT count(DISTINCT pid) FROM pg_stat_activity WHERE application_name = "
                         "'named-by-variable' AND pid <> pg_backend_pid()") == 1);
    life.kill();
    for (const char* name : {"PGPORT", "PGAPPNAME", "PGCLIENTENCODING"}) ::unsetenv(name);
    CHECK(cluster.query("SELECT endpoint FROM request_log") == peers::Rows{{"/caf\u00e9"}});
}
