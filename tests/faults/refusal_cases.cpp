// C: Postgres that refuses: rights, locks, tables, partitions, and rows of all kinds.
#include "tests/faults/catalogue.h"
#include "tests/faults/postgres_faults.h"
#include "tests/faults/segments.h"
#include "tests/integration/peers/eventually.h"

namespace outrigger::faults {
namespace {

// What breaks it, what heals it, and what the sink says meanwhile.
struct Breakage {
    const char* what;
    std::string breaks;
    std::string heals;
    std::vector<std::string> says;
};

void hold_and_heal(World& world, const Breakage& breakage) {
    change_schema(world, breakage.breaks);
    const bool held = goes_down(world, "rows", breakage.says, 20s);
    world.expect(held, std::string("not held: ") + breakage.what + ": " + last_error_of(world, "rows"));
    world.expect(peers::eventually(6s, [&] { return world.agent.ready() == 503; }),
                 std::string("P8: ready all the same: ") + breakage.what);
    world.fired(breakage.what, held ? 1 : 0);
    change_schema(world, breakage.heals);
    world.expect(world.rows_arrive(20s), std::string("no rows after the heal: ") + breakage.what);
}

void rights_revoked(World& world) {
    use_role(world, "writer");
    world.start();
    const std::vector<std::string> says{"permission denied"};
    hold_and_heal(world, {"revoked INSERT", "REVOKE INSERT ON request_log FROM writer",
                          "GRANT INSERT ON request_log TO writer", says});
    world.postgres.query("REVOKE UPDATE ON outrigger_ledger FROM writer");
    expect_others_flow(world);
    hold_and_heal(world, {"revoked UPDATE of the ledger", "REVOKE UPDATE ON outrigger_ledger FROM writer",
                          "GRANT UPDATE ON outrigger_ledger TO writer", says});
    hold_and_heal(world, {"refused logins",
                          "BEGIN; ALTER ROLE writer NOLOGIN; COMMIT; SELECT pg_terminate_backend(pid) FROM "
                          "pg_stat_activity WHERE application_name = 'outrigger'",
                          "ALTER ROLE writer LOGIN",
                          {"not permitted to log in"}});
    world.expect(world.agent.log().contains("not permitted to log in"), "the log does not name the refusal");
}

void tables_changed(World& world) {
    use_role(world, "writer");
    world.start();
    world.postgres.query("REVOKE CREATE ON SCHEMA public FROM writer");  // or it would make a table of its own
    change_schema(world, "ALTER TABLE request_log ADD COLUMN note text");
    world.expect(world.rows_arrive(), "a column more stops the rows");
    world.fired("column added");
    const std::vector<Breakage> breakages{
        {"table renamed",
         "ALTER TABLE request_log RENAME TO elsewhere",
         "ALTER TABLE elsewhere RENAME TO request_log",
         {"request_log", "tables are missing"}},
        {"column dropped",
         "ALTER TABLE request_log DROP COLUMN tags",
         "ALTER TABLE request_log ADD COLUMN tags jsonb",
         {"column \"tags\""}},
        {"type changed",
         "ALTER TABLE request_log ALTER COLUMN duration_us TYPE int",
         "ALTER TABLE request_log ALTER COLUMN duration_us TYPE bigint",
         {"incorrect binary data format"}},
        {"NOT NULL where there is none",
         "ALTER TABLE request_log ADD CONSTRAINT closed CHECK (source_ip IS NOT NULL) NOT VALID",
         "ALTER TABLE request_log DROP CONSTRAINT closed",
         {"closed"}},
    };
    for (const auto& breakage : breakages) hold_and_heal(world, breakage);
    world.expect(world.postgres.number("SELECT count(*) FROM outrigger_dead_letter") == 0, "dead letters");
}

void table_locked(World& world) {
    world.start();
    const Meanwhile other(world.postgres, "BEGIN; LOCK TABLE request_log; SELECT pg_sleep(8); COMMIT");
    const bool held = goes_down(world, "rows", {"55P03"}, 8s);
    world.fired("locks that outlast the limit", held ? 1 : 0);
    expect_others_flow(world);
}

// Today's partition ends in two seconds.
void partition_missing(World& world) {
    world.start();
    change_schema(world, R"(
        CREATE TABLE midnight AS SELECT now() + interval '2 s' AS at, (now() AT TIME ZONE 'UTC')::date AS day;
        DO $$ DECLARE m midnight; part text; BEGIN
            SELECT * INTO m FROM midnight;
            part := 'request_log_' || to_char(m.day, 'YYYYMMDD');
            EXECUTE format('ALTER TABLE request_log DETACH PARTITION %I', part);
            EXECUTE format('ALTER TABLE request_log ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', part,
                           m.day || ' 00:00:00+00', m.at);
        END $$)");
    const bool held = goes_down(world, "rows", {"no partition"}, 10s);
    world.fired("rows without a partition", held ? 1 : 0);
    expect_others_flow(world);
    change_schema(world, R"(
        DO $$ DECLARE m midnight; BEGIN
            SELECT * INTO m FROM midnight;
            EXECUTE format('CREATE TABLE request_log_rest PARTITION OF request_log FOR VALUES FROM (%L) TO (%L)', m.at,
                           (m.day + 1) || ' 00:00:00+00');
        END $$)");
    world.expect(world.rows_arrive(20s), "no rows after the partition was made");
    world.expect(world.postgres.number("SELECT count(*) FROM outrigger_dead_letter") == 0, "dead letters");
}

// Refuses each event of the load whose number is a multiple, with one SQLSTATE after the other; every other one as a
// check would, and as a missing partition is told, too: with no name of a constraint.
void poison(const World& world, int every) {
    world.postgres.query(R"(
        CREATE OR REPLACE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            number bigint := coalesce(substring(new.endpoint FROM '^/load/.*/([0-9]+)$'), '1')::bigint;
            codes text[] := '{22001,22003,22007,22021,22P02,22P05,23502,23505,23514,54001}';
            nameless bool := number / )" +
                         std::to_string(every) +
                         R"( % 2 = 0;
        BEGIN
            IF number % )" +
                         std::to_string(every) +
                         R"( = 0 THEN
                RAISE EXCEPTION USING ERRCODE = CASE WHEN nameless THEN '23514' ELSE codes[1 + number / )" +
                         std::to_string(every) +
                         R"( % 10] END, CONSTRAINT = CASE WHEN nameless THEN '' ELSE 'poison' END,
                    MESSAGE = 'no ' || number;
            END IF;
            RETURN new;
        END $$)");
}

void rows_poisoned(World& world) {
    world.start(Shape::l5);
    poison(world, 1000);
    world.postgres.query("CREATE TRIGGER poison BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION poison()");
    std::this_thread::sleep_for(3s);
    poison(world, 100);
    std::this_thread::sleep_for(3s);
    poison(world, 1);
    const bool held = goes_down(world, "rows", {"refused"});
    const auto letters = world.postgres.number("SELECT count(*) FROM outrigger_dead_letter");
    world.fired("poison rows", static_cast<std::uint64_t>(letters));
    world.fired("poison rows that name no constraint",
                static_cast<std::uint64_t>(
                    world.postgres.number("SELECT count(*) FROM outrigger_dead_letter WHERE sqlstate = '23514'")));
    world.fired("holds when all are refused", held ? 1 : 0);
    world.expect(world.postgres.number("SELECT count(*) FROM outrigger_dead_letter WHERE "
                                       "substring(event->>'endpoint' FROM '([0-9]+)$')::bigint % 100 <> 0") == 0,
                 "neighbours of poison among the dead letters");
    change_schema(world, "DROP TRIGGER poison ON request_log");
    world.expect(world.rows_arrive(20s), "no rows after the trigger went");
    world.expect(world.postgres.number("SELECT count(*) FROM outrigger_dead_letter") == letters,
                 "more dead letters when all was refused");
}

void hostile_texts(World& world) {
    world.start(Shape::l5);
    std::this_thread::sleep_for(4s);
    for (const std::string text : {R"(\.)", R"(\N)", "\t", "\n", "'\"", "\x1b"})
        world.fired("texts that mean something to COPY or a terminal",
                    static_cast<std::uint64_t>(world.postgres.number(
                        "SELECT count(*) FROM request_log WHERE position($text$" + text + "$text$ IN message) > 0")));
}

std::string eats(const std::string& table, const std::string& event) {
    return "CREATE OR REPLACE FUNCTION eat_all() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE "
           "TRIGGER eat_all BEFORE " +
           event + " ON " + table + " FOR EACH ROW EXECUTE FUNCTION eat_all(); ";
}

std::string spares(const std::string& table) { return "DROP TRIGGER eat_all ON " + table; }

void ledger_kept_out(World& world) {
    const std::vector<std::string> says{"outrigger_ledger keeps rows out"};
    const std::string gone = "DELETE FROM outrigger_ledger", heals = spares("outrigger_ledger");
    hold_and_heal(world,
                  {"trigger that eats what the ledger is moved to", eats("outrigger_ledger", "UPDATE"), heals, says});
    hold_and_heal(world,
                  {"trigger that eats a ledger's first row", eats("outrigger_ledger", "INSERT") + gone, heals, says});
}

void rows_kept_out(World& world) {
    use_role(world, "writer");
    world.start();
    hold_and_heal(world, {"trigger that eats rows",
                          R"(CREATE FUNCTION eat() RETURNS trigger LANGUAGE plpgsql AS
                                 $$ BEGIN RETURN CASE WHEN random() < 0.5 THEN new END; END $$;
                             CREATE TRIGGER eat BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION eat())",
                          "DROP TRIGGER eat ON request_log",
                          {"keeps rows out"}});
    hold_and_heal(world, {"row-level security",
                          "ALTER TABLE request_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
                          "ALTER TABLE request_log NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
                          {"row-level security", "0A000"}});
    ledger_kept_out(world);
    change_schema(world, "ALTER TABLE outrigger_ledger SET UNLOGGED");
    terminate_backends_of_agent(world.postgres);
    hold_and_heal(world, {"unlogged table", "SELECT 1", "ALTER TABLE outrigger_ledger SET LOGGED", {"unlogged"}});
}

// What is not stored as a row is written down, or nothing is.
void losses_kept_out(World& world) {
    world.start(Shape::l3);
    change_schema(world, R"(
        CREATE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF new.endpoint LIKE '%77' THEN RAISE data_exception; END IF;
            RETURN new; END $$;
        CREATE TRIGGER poison BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION poison())");
    hold_and_heal(world, {"trigger that eats dead letters",
                          eats("outrigger_dead_letter", "INSERT"),
                          spares("outrigger_dead_letter"),
                          {"outrigger_dead_letter keeps rows out"}});
    change_schema(world, "DROP TRIGGER poison ON request_log; " + eats("outrigger_drops", "INSERT"));
    world.postgres.stop();
    std::this_thread::sleep_for(4s);
    world.kill_agent();
    world.fired("bits turned", turn_bits(world));
    world.damaged_counts = true;
    world.agent.start();
    world.postgres.start();
    hold_and_heal(
        world, {"trigger that eats drops", "SELECT 1", spares("outrigger_drops"), {"outrigger_drops keeps rows out"}});
    const auto kept = [&](const char* table) {
        return static_cast<std::uint64_t>(world.postgres.number(std::string("SELECT count(*) FROM ") + table));
    };
    world.fired("dead letters", kept("outrigger_dead_letter"));
    world.fired("drops", kept("outrigger_drops"));
}

}  // namespace

std::vector<Case> refusal_cases() {
    return {
        {"C10", "rights are revoked in the middle, the right to log in too", Drops::none, rights_revoked},
        {"C11", "the table is renamed, and its columns change", Drops::none, tables_changed},
        {"C12", "somebody locks the table for longer than the limit", Drops::none, table_locked},
        {"C13", "the partition of now is missing", Drops::none, partition_missing},
        {"C14", "poison rows of each class: some, then all", Drops::counted, rows_poisoned},
        {"C15", "texts that mean something to COPY", Drops::none, hostile_texts},
        {"C16", "a trigger eats rows or the ledger, row-level security, an unlogged table", Drops::none, rows_kept_out},
        {"C16b", "a trigger eats dead letters and drops", Drops::counted, losses_kept_out},
    };
}

}  // namespace outrigger::faults
