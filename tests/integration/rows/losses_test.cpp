// What is no longer there is counted where it went: dropped by the journal, by retention, or by damage.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "shared/utc_clock.h"
#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

TEST_CASE("rows: what retention drops is counted, so that the balance still holds") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const auto now = utc_us();
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

TEST_CASE("rows: what retention would drop stays while a trigger eats the count of it") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    const auto long_ago = std::chrono::system_clock::now() - std::chrono::days(40);
    {
        AgentLife life(folder.path(), {}, settings_for(cluster));
        life.offer(1);
        REQUIRE(all_stored(cluster, 1));  // and nothing is dropped for an hour
        life.offer(30, "/old", to_utc_us(long_ago));
        REQUIRE(all_stored(cluster, 31));
        REQUIRE(life.stop_sink());
    }
    cluster.query(R"(
        INSERT INTO outrigger_drops SELECT agent, 1, 7, 7, 'damaged', now() - interval '60 days' FROM outrigger_ledger;
        INSERT INTO outrigger_dead_letter SELECT agent, 8, '22000', NULL, NULL, now() - interval '60 days' FROM outrigger_ledger;
        CREATE FUNCTION eats() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NEW.events = TG_ARGV[0]::int THEN RETURN NULL; END IF; RETURN NEW; END $$)");
    for (const char* eaten : {"30", "7", "1"}) {  // the partition's rows, the drops, the dead letter
        CAPTURE(eaten);
        cluster.query(
            std::string("CREATE TRIGGER eats BEFORE INSERT ON outrigger_expired FOR EACH ROW EXECUTE FUNCTION eats(") +
            eaten + ")");
        AgentLife life(folder.path(), {}, settings_for(cluster));
        life.offer(1);
        CHECK(peers::eventually(20s, [&] { return life.times_said("outrigger_expired does not take what goes") > 0; }));
        CHECK(drained(life));
        const auto found = stores(cluster);
        CHECK(found.rows > 31);
        CHECK(found.drops == 7);
        CHECK(found.dead == 1);
        CHECK(found.expired == 0);
        cluster.query("DROP TRIGGER eats ON outrigger_expired");
    }
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(1);
    CHECK(peers::eventually(20s, [&] { return stores(cluster).expired == 38; }));
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
