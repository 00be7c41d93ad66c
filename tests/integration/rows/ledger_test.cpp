// What the ledger says against what the agent believes: after crashes, restores, and hands that meddle.
#include <doctest/doctest.h>

#include <filesystem>
#include <thread>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/commit_cutter.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

void check_stored(const peers::PostgresCluster& cluster, const AgentLife& life, long events) {
    CHECK(all_stored(cluster, events));
    CHECK(peers::eventually(10s, [&] { return life.pending() == 0; }));
    const auto found = stores(cluster);
    CHECK(found.accepted == events);
    CHECK(found.rows == events);
    CHECK(found.balanced());
    CHECK(life.difference() == 0);
}

}  // namespace

TEST_CASE("rows: a Postgres that crashes and comes back has each row once") {
    peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    for (int round = 0; round < 2; ++round) {
        life.offer(12'000);
        REQUIRE(all_stored(cluster, round * 14'000 + 1));
        cluster.stop_immediate();
        life.offer(2'000);
        CHECK(peers::eventually(10s, [&] { return !life.health().up && !life.health().last_error.empty(); }));
        cluster.start();
    }
    check_stored(cluster, life, 28'000);
    CHECK(life.health().up);
}

TEST_CASE("rows: a commit whose answer is lost is neither repeated nor forgotten") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    CommitCutter cutter(cluster.port());
    RowsSettings settings = settings_for(cluster);
    settings.postgres = "postgresql://postgres@127.0.0.1:" + std::to_string(cutter.port()) + "/postgres";
    AgentLife life(folder.path(), {}, settings);
    life.offer(100);
    REQUIRE(all_stored(cluster, 100));
    for (int i = 0; i < 5; ++i) {
        cutter.cut_next_answer_to("COMMIT");
        life.offer(1'000);
        REQUIRE(peers::eventually(20s, [&] { return cutter.cuts() == i + 1 && life.pending() == 0; }));
    }
    check_stored(cluster, life, 5'100);
}

TEST_CASE("rows: an agent killed before its checkpoint finds in the ledger how far it was") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    SavedCheckpoint early;
    {
        AgentLife life(folder.path(), {}, settings_for(cluster));
        early.cursor = life.cursor();
        life.offer(15'000);
        REQUIRE(all_stored(cluster, 15'000));
        early.facts = life.checkpoint().facts;  // each is on disk before what it allows
    }
    AgentLife life(folder.path(), early, settings_for(cluster));
    life.offer(500);
    check_stored(cluster, life, 15'500);
    CHECK(life.cursor().delivered == 15'500);
}

TEST_CASE("rows: a ledger row that is deleted or set back is made right from what the tables hold") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(3'000);
    check_stored(cluster, life, 3'000);
    cluster.query("DELETE FROM outrigger_ledger");
    cut_connections(cluster);
    life.offer(10);
    check_stored(cluster, life, 3'010);
    CHECK(cluster.number("SELECT min(agent) FROM outrigger_ledger") ==
          cluster.number("SELECT max(agent) FROM request_log"));
    cluster.query("UPDATE outrigger_ledger SET position = 5, accepted = 5");
    cut_connections(cluster);
    life.offer(10);
    check_stored(cluster, life, 3'020);
    CHECK(life.cursor().rewound == 0);
}

TEST_CASE("rows: what a failover took away is stored again, and counted as rewound") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(1'000);
    check_stored(cluster, life, 1'000);
    life.offer(700);
    check_stored(cluster, life, 1'700);
    cluster.query(
        "BEGIN; DELETE FROM request_log WHERE position > 1001; UPDATE outrigger_ledger SET position = 1001, "
        "accepted = (SELECT count(*) FROM request_log); COMMIT");
    cut_connections(cluster);
    life.offer(10);
    check_stored(cluster, life, 1'710);
    CHECK(life.cursor().rewound == 700);
    cluster.query("TRUNCATE request_log, outrigger_ledger");
    cut_connections(cluster);
    life.offer(10);
    check_stored(cluster, life, 1'720);
    CHECK(life.cursor().rewound == 700 + 1'710);
}

TEST_CASE("rows: a journal that was set back goes on as another one, and loses nothing that comes after") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const peers::TemporaryFolder older;
    SavedCheckpoint checkpoint;
    {
        AgentLife life(folder.path(), {}, settings_for(cluster));
        life.offer(1'000);
        REQUIRE(all_stored(cluster, 1'000));
        REQUIRE(peers::eventually(10s, [&] { return life.pending() == 0; }));
        checkpoint = life.checkpoint();
    }
    std::filesystem::copy(folder.path(), older.path(), std::filesystem::copy_options::recursive);
    {
        AgentLife life(folder.path(), checkpoint, settings_for(cluster));
        life.offer(400);
        REQUIRE(all_stored(cluster, 1'400));
    }
    AgentLife life(older.path(), checkpoint, settings_for(cluster));
    life.offer(300, "/after");
    CHECK(all_stored(cluster, 1'700));
    CHECK(cluster.number("SELECT count(*) FROM request_log WHERE route = '/after'") == 300);
    CHECK(cluster.number("SELECT count(*) FROM outrigger_ledger") == 2);
    CHECK(stores(cluster).balanced());
    CHECK(peers::eventually(10s, [&] { return life.pending() == 0; }));
    CHECK(life.difference() == 0);
}

TEST_CASE("rows: two agents with copies of one journal fence each other, and both store all they have") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const peers::TemporaryFolder copy;
    SavedCheckpoint checkpoint;
    {
        AgentLife life(folder.path(), {}, settings_for(cluster));
        life.offer(100);
        REQUIRE(all_stored(cluster, 100));
        REQUIRE(peers::eventually(10s, [&] { return life.pending() == 0; }));
        checkpoint = life.checkpoint();
    }
    std::filesystem::copy(folder.path(), copy.path(), std::filesystem::copy_options::recursive);
    AgentLife first(folder.path(), checkpoint, settings_for(cluster));
    AgentLife second(copy.path(), checkpoint, settings_for(cluster));
    REQUIRE(peers::eventually(10s, [&] { return first.health().up && second.health().up; }));
    for (int i = 0; i < 3; ++i) {
        first.offer(20, "/first");
        second.offer(30, "/second");
        CHECK(peers::eventually(20s, [&] { return first.pending() == 0 && second.pending() == 0; }));
    }
    CHECK(cluster.number("SELECT count(*) FROM request_log WHERE route = '/first'") == 60);
    CHECK(cluster.number("SELECT count(*) FROM request_log WHERE route = '/second'") == 90);
    CHECK(stores(cluster).balanced());
    CHECK(first.difference() == 0);
    CHECK(second.difference() == 0);
}
