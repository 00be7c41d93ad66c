// What Postgres refuses: rows, rights, tables. Nothing is given up that could still be stored.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

RequestEvent event_of(std::string_view path) {
    RequestEvent event;
    event.method = "POST";
    event.route = "/r";
    event.path = path;
    event.status = 201;
    event.duration_us = 5;
    return event;
}

bool drained(const AgentLife& life) {
    return peers::eventually(30s, [&] { return life.pending() == 0; });
}

bool down(const AgentLife& life) {
    return peers::eventually(5s, [&] { return !life.health().up && !life.health().last_error.empty(); });
}

}  // namespace

TEST_CASE("rows: a row that a constraint refuses becomes a dead letter, and its neighbours are stored") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(200);
    REQUIRE(all_stored(cluster, 200));
    cluster.query("ALTER TABLE request_log ADD CHECK (endpoint NOT LIKE '%poison%')");
    life.offer(150);
    life.offer(event_of("/poison?a=\"1\""));
    life.offer(150);
    life.offer(event_of("/poison/2"));
    CHECK(drained(life));
    const auto found = stores(cluster);
    CHECK(found.accepted == 502);
    CHECK(found.rows == 500);
    CHECK(found.dead == 2);
    CHECK(found.balanced());
    CHECK(life.cursor().dropped[static_cast<std::size_t>(books::SinkDrop::refused_by_database)] == 2);
    CHECK(life.difference() == 0);
    const auto letters =
        cluster.query("SELECT sqlstate, event->>'endpoint' FROM outrigger_dead_letter ORDER BY position");
    REQUIRE(letters.size() == 2);
    CHECK(letters[0][0] == "23514");
    CHECK(letters[0][1] == "/poison?a=\"1\"");
}

TEST_CASE("rows: when rows like those stored before are refused it waits, and gives none up") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(200);
    REQUIRE(all_stored(cluster, 200));
    cluster.query("ALTER TABLE request_log ADD CONSTRAINT closed CHECK (false) NOT VALID");
    life.offer(3);
    CHECK(down(life));
    CHECK(stores(cluster).dead == 0);
    cluster.query("ALTER TABLE request_log DROP CONSTRAINT closed");
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 203);
    CHECK(life.health().up);
}

TEST_CASE("rows: most of a hundred rows refused is the schema's fault: it waits") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(200, "/good");
    REQUIRE(all_stored(cluster, 200));
    cluster.query("ALTER TABLE request_log ADD CONSTRAINT narrow CHECK (endpoint NOT LIKE '/bad%')");
    life.offer(400, "/bad");
    CHECK(down(life));
    CHECK(stores(cluster).dead == 0);
    CHECK(stores(cluster).rows == 200);
    cluster.query("ALTER TABLE request_log DROP CONSTRAINT narrow");
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 600);
}

TEST_CASE("rows: a right that is taken away and given back costs nothing, and one line each way") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    cluster.query("CREATE ROLE writer LOGIN");
    AgentLife life(folder.path(), {}, settings_for(cluster, "writer"));
    life.offer(5);
    CHECK(down(life));
    const auto asked = life.said();
    std::string statements;
    for (const auto& line : asked)
        if (const auto at = line.find("BEGIN;"); at != std::string::npos) statements = line.substr(at);
    INFO(life.health().last_error);
    REQUIRE(!statements.empty());
    cluster.query(statements);
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 5);
    cluster.query("REVOKE INSERT ON request_log FROM writer");
    life.offer(7);
    CHECK(down(life));
    CHECK(life.health().last_error.find("permission") != std::string::npos);
    CHECK_FALSE(peers::eventually(7s, [&] { return life.health().up; }));
    cluster.query("GRANT INSERT ON request_log TO writer");
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 12);
    CHECK(stores(cluster).balanced());
    int downs = 0;
    for (const auto& line : life.said()) downs += line.find("down: ") != std::string::npos ? 1 : 0;
    CHECK(downs == 2);
}

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
        cluster.query(
            "INSERT INTO outrigger_drops SELECT agent, 1, 1, 0, 'damaged', now() - interval '60 days' FROM "
            "outrigger_ledger");
        checkpoint = life.checkpoint();
    }
    AgentLife life(folder.path(), checkpoint, settings_for(cluster));
    life.offer(1);
    CHECK(peers::eventually(20s, [&] { return stores(cluster).expired == 100; }));
    CHECK(drained(life));
    const auto found = stores(cluster);
    CHECK(found.accepted == 161);
    CHECK(found.rows == 61);
    CHECK(found.balanced());
    CHECK(cluster.number("SELECT count(*) FROM outrigger_drops") == 0);
}

TEST_CASE("rows: a Postgres that hangs does not keep the sink from stopping at its deadline") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    const auto backend =
        static_cast<pid_t>(cluster.number("SELECT pid FROM pg_stat_activity WHERE application_name = 'outrigger'"));
    REQUIRE(::kill(backend, SIGSTOP) == 0);
    life.offer(10);
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(life.stop_sink(500ms));
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(life.pending() == 10);
    ::kill(backend, SIGCONT);
}
