// What Postgres refuses: rows, rights, tables. Nothing is given up that could still be stored.
#include <doctest/doctest.h>

#include <array>

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

void run_what_was_asked(const peers::PostgresCluster& cluster, const AgentLife& life) {
    std::string statements;
    for (const auto& line : life.said())
        if (const auto at = line.find("BEGIN;"); at != std::string::npos) statements = line.substr(at);
    INFO(life.health().last_error);
    REQUIRE(!statements.empty());
    cluster.query(statements);
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
    run_what_was_asked(cluster, life);
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
    CHECK(life.times_said("down: ") == 2);
    CHECK(life.times_said("please run: BEGIN;") == 2);
}

TEST_CASE("rows: the functions made for a role without rights use nobody's operators and functions but the server's") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    cluster.query("CREATE ROLE writer LOGIN");
    cluster.query(R"(
        CREATE FUNCTION public.trap() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE 'trapped'; END $$;
        CREATE FUNCTION public.to_char(date, text) RETURNS text LANGUAGE sql AS 'SELECT public.trap()';
        CREATE FUNCTION public.to_date(text, text) RETURNS date LANGUAGE sql AS 'SELECT public.trap()::date';
        CREATE FUNCTION public.format(text, text) RETURNS text LANGUAGE sql AS 'SELECT public.trap()';
        CREATE FUNCTION public.format(text, name) RETURNS text LANGUAGE sql AS 'SELECT public.trap()';
        CREATE FUNCTION public.right(name, int) RETURNS text LANGUAGE sql AS 'SELECT public.trap()')");
    AgentLife life(folder.path(), {}, settings_for(cluster, "writer"));
    life.offer(5);
    CHECK(down(life));
    run_what_was_asked(cluster, life);
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 5);
    CHECK_NOTHROW(cluster.query("SELECT outrigger_expire(30)", "writer"));
    cluster.query(
        "CREATE FUNCTION eat() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TRIGGER eat "
        "BEFORE INSERT ON outrigger_expired FOR EACH ROW EXECUTE FUNCTION eat(); INSERT INTO outrigger_drops "
        "SELECT agent, 1, 2, 2, 'damaged', now() - interval '60 days' FROM outrigger_ledger");
    CHECK_THROWS(cluster.query("SELECT outrigger_expire(30)", "writer"));
    CHECK(stores(cluster).drops == 2);
    CHECK(cluster.number("SELECT count(*) FROM pg_inherits WHERE inhparent = 'request_log'::regclass AND "
                         "inhrelid::regclass::text LIKE 'request\\_log\\_%'") == 4);
}

TEST_CASE("rows: a dead letter that is refused itself holds the record as it was journaled") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(200);
    REQUIRE(all_stored(cluster, 200));
    cluster.query("ALTER TABLE request_log ADD CHECK (endpoint <> '/poison')");
    cluster.query("ALTER TABLE outrigger_dead_letter ADD CHECK (event ? 'base64')");
    life.offer(event_of("/poison"));
    CHECK(drained(life));
    CHECK(stores(cluster).balanced());
    const auto letters = cluster.query(
        "SELECT position(convert_to('/poison', 'UTF8') IN decode(event->>'base64', 'base64')) > 0, "
        "(SELECT count(*) FROM jsonb_object_keys(event)) FROM outrigger_dead_letter");
    REQUIRE(letters.size() == 1);
    CHECK(letters[0] == std::vector<std::string>{"t", "1"});
}

TEST_CASE("rows: a line that the server names wrongly costs no row") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(200);
    REQUIRE(all_stored(cluster, 200));
    cluster.query(R"(
        CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF new.endpoint = '/poison' THEN
                EXECUTE 'SELECT 1 /* from the book, line 2 */ / 0';
            END IF;
            RETURN new;
        END $$;
        CREATE TRIGGER picky BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION picky())");
    life.offer(50);
    life.offer(event_of("/poison"));
    life.offer(50);
    CHECK(drained(life));
    CHECK(stores(cluster).balanced());
    CHECK(stores(cluster).rows == 300);
    CHECK(cluster.query("SELECT sqlstate, event->>'endpoint' FROM outrigger_dead_letter") ==
          peers::Rows{{"22012", "/poison"}});
}

TEST_CASE("rows: a table that a crash would empty, or that keeps rows from us, is refused, and nothing is stored") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    cluster.query("CREATE ROLE writer LOGIN; GRANT CREATE ON SCHEMA public TO writer");
    AgentLife life(folder.path(), {}, settings_for(cluster, "writer"));
    life.offer(5);
    REQUIRE(all_stored(cluster, 5));
    REQUIRE(drained(life));
    const std::string partition =
        cluster.query("SELECT max(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'request_log'::regclass")
            .at(0)
            .at(0);
    const std::vector<std::array<std::string, 3>> cases = {
        {"ALTER TABLE outrigger_drops SET UNLOGGED", "outrigger_drops is unlogged",
         "ALTER TABLE outrigger_drops SET LOGGED"},
        {"ALTER TABLE " + partition + " SET UNLOGGED", partition + " is unlogged",
         "ALTER TABLE " + partition + " SET LOGGED"},
        {"ALTER TABLE outrigger_ledger ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
         "outrigger_ledger has row-level security", "ALTER TABLE outrigger_ledger NO FORCE ROW LEVEL SECURITY"},
    };
    for (const auto& [breaks, says, heals] : cases) {
        cluster.query(breaks);
        cut_connections(cluster);
        life.offer(1);
        CHECK(peers::eventually(10s, [&] { return life.health().last_error.find(says) != std::string::npos; }));
        cluster.query(heals);
        CHECK(drained(life));
    }
    CHECK(stores(cluster).rows == 8);
    CHECK(stores(cluster).balanced());
}

TEST_CASE("rows: a trigger that eats what is written to the ledger is said, and when it goes all is stored") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    {
        const peers::TemporaryFolder other;
        const AgentLife makes_tables(other.path(), {}, settings_for(cluster));
        REQUIRE(peers::eventually(10s, [&] { return makes_tables.health().up; }));
    }
    constexpr auto says = "a trigger or rule of outrigger_ledger keeps rows out";
    const auto eat = [&](const std::string& event) {
        cluster.query(
            "CREATE OR REPLACE FUNCTION eat() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
            "CREATE TRIGGER eat BEFORE " +
            event + " ON outrigger_ledger FOR EACH ROW EXECUTE FUNCTION eat()");
    };
    eat("INSERT");
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(5);
    CHECK(down(life));
    CHECK(life.health().last_error == says);
    cluster.query("DROP TRIGGER eat ON outrigger_ledger");
    CHECK(drained(life));
    eat("UPDATE");
    life.offer(5);
    CHECK(down(life));
    CHECK(life.health().last_error == says);
    CHECK_FALSE(peers::eventually(6s, [&] { return life.health().up || life.health().last_error != says; }));
    cluster.query("DROP TRIGGER eat ON outrigger_ledger");
    CHECK(drained(life));
    CHECK(life.times_said("down: ") == 2);
    CHECK(life.times_said("up again") == 2);
    CHECK(stores(cluster).rows == 10);
    CHECK(stores(cluster).balanced());
    CHECK(life.difference() == 0);
}

TEST_CASE("rows: a ledger that never is where it was put is said") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(5);
    REQUIRE(all_stored(cluster, 5));
    REQUIRE(drained(life));
    cluster.query(R"(
        CREATE FUNCTION pin() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN new."position" := old."position"; RETURN new; END $$;
        CREATE TRIGGER pin BEFORE UPDATE ON outrigger_ledger FOR EACH ROW EXECUTE FUNCTION pin())");
    life.offer(5);
    REQUIRE(all_stored(cluster, 10));
    life.offer(5);
    CHECK(peers::eventually(15s, [&] { return life.health().last_error == "the ledger has moved"; }));
    CHECK_FALSE(life.health().up);
    cluster.query("DROP TRIGGER pin ON outrigger_ledger");
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 15);
    CHECK(stores(cluster).balanced());
    CHECK(life.difference() == 0);
}

TEST_CASE("rows: a row that a trigger refuses as a check would, and names none, costs that row") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(200);
    REQUIRE(all_stored(cluster, 200));
    cluster.query(R"(
        CREATE FUNCTION picky() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF new.endpoint = '/poison' THEN RAISE EXCEPTION USING ERRCODE = '23514', MESSAGE = 'not this one'; END IF;
            RETURN new;
        END $$;
        CREATE TRIGGER picky BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION picky())");
    life.offer(50);
    life.offer(event_of("/poison"));
    life.offer(50);
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 300);
    CHECK(stores(cluster).balanced());
    CHECK(cluster.query("SELECT sqlstate, event->>'endpoint' FROM outrigger_dead_letter") ==
          peers::Rows{{"23514", "/poison"}});
}
