// What is no longer there is counted where it went: dropped by the journal, by retention, or by damage.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

TEST_CASE("rows: what retention drops is counted, so that the balance still holds") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const auto now =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count();
    constexpr std::int64_t day_us = 86'400'000'000;
    SavedCheckpoint checkpoint;
    {
        AgentLife life(folder.path(), {}, settings_for(cluster));
        life.offer(100, "/old", now - 40 * day_us);
        life.offer(50, "/kept", now - 20 * day_us);
        life.offer(10);
        REQUIRE(all_stored(cluster, 160));
        REQUIRE(drained(life));
        // As if some of them had been lost or refused, long ago and just now.
        cluster.query(R"(
            WITH gone AS (DELETE FROM request_log WHERE "position" IN
                (SELECT "position" FROM request_log WHERE route = '/kept' ORDER BY 1 LIMIT 9) RETURNING agent, "position"),
            numbered AS (SELECT *, row_number() OVER (ORDER BY "position") AS n FROM gone),
            letters AS (INSERT INTO outrigger_dead_letter (agent, "position", sqlstate, at)
                SELECT agent, "position", '22000', now() - CASE WHEN n = 1 THEN '0' ELSE '60 days' END::interval
                FROM numbered WHERE n <= 3)
            INSERT INTO outrigger_drops (agent, first, last, events, reason, at)
                SELECT agent, "position", "position", 1, 'damaged', now() - CASE WHEN n = 4 THEN '0' ELSE '60 days' END::interval
                FROM numbered WHERE n > 3)");
        checkpoint = life.checkpoint();
    }
    AgentLife life(folder.path(), checkpoint, settings_for(cluster));
    life.offer(1);
    CHECK(peers::eventually(20s, [&] { return stores(cluster).expired == 107; }));
    CHECK(drained(life));
    const auto found = stores(cluster);
    CHECK(found.accepted == 161);
    CHECK(found.rows == 52);
    CHECK(found.drops == 1);
    CHECK(found.dead == 1);
    CHECK(found.balanced());
    CHECK(cluster.number("SELECT max(last) FROM outrigger_expired WHERE day < (now() - interval '50 days')::date") ==
          cluster.number("SELECT min(position) - 1 FROM request_log WHERE route = '/kept'"));
}

TEST_CASE("rows: what the journal had to drop while Postgres was away is in the table of drops, to the unit") {
    peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    constexpr std::uint64_t journal_bytes = std::uint64_t{32} << 20;
    AgentLife life(folder.path(), {}, settings_for(cluster), journal_bytes);
    life.offer(100);
    REQUIRE(all_stored(cluster, 100));
    REQUIRE(drained(life));
    cluster.stop();
    const std::string path = "/" + std::string(2'000, 'x');
    for (int i = 0; i < 40; ++i) {
        life.offer(500, path);
        life.forget_old_segments();
    }
    cluster.start();
    CHECK(drained(life));
    const auto found = stores(cluster);
    CHECK(found.accepted == 20'100);
    CHECK(found.drops > 1'000);
    CHECK(found.balanced());
    CHECK(life.difference() == 0);
    CHECK(life.cursor().dropped[static_cast<std::size_t>(books::SinkDrop::journal_full)] ==
          static_cast<std::uint64_t>(found.drops));
    CHECK(cluster.query("SELECT DISTINCT reason FROM outrigger_drops") == peers::Rows{{"journal_full"}});
    CHECK(cluster.number("SELECT count(*) FROM request_log AS r JOIN outrigger_drops AS d ON r.agent = d.agent AND "
                         "r.position BETWEEN d.first AND d.last") == 0);
}
