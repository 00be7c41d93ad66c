// A Postgres that does not answer, or not in time: seen within a limit, and nothing is stored twice for it.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

// The process that serves the sink, stopped in the middle of whatever it does.
class StoppedBackend {
  public:
    explicit StoppedBackend(const peers::PostgresCluster& cluster)
        : id_(static_cast<pid_t>(
              cluster.number("SELECT pid FROM pg_stat_activity WHERE application_name = 'outrigger'"))) {
        REQUIRE(::kill(id_, SIGSTOP) == 0);
    }
    ~StoppedBackend() { ::kill(id_, SIGCONT); }
    StoppedBackend(const StoppedBackend&) = delete;
    StoppedBackend& operator=(const StoppedBackend&) = delete;

  private:
    pid_t id_;
};

RowsSettings impatient(const peers::PostgresCluster& cluster) {
    RowsSettings settings = settings_for(cluster);
    settings.limits.answer = 1s;
    return settings;
}

// Commits wait for a standby that there is not.
void wait_for_nobody(const peers::PostgresCluster& cluster, bool wait) {
    cluster.query(wait ? "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"
                       : "ALTER SYSTEM RESET synchronous_standby_names");
    cluster.query("SELECT pg_reload_conf()");
    const std::string wanted = wait ? "nobody" : "";
    REQUIRE(peers::eventually(
        10s, [&] { return cluster.query("SHOW synchronous_standby_names") == peers::Rows{{wanted}}; }));
}

bool waits_for_standby(const peers::PostgresCluster& cluster) {
    return peers::eventually(
        10s, [&] { return cluster.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == 1; });
}

// Each row takes so long.
void make_slow(const peers::PostgresCluster& cluster, const std::string& seconds) {
    cluster.query(R"(
        CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_sleep()" +
                  seconds + R"(); RETURN new; END $$;
        CREATE TRIGGER slow BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION slow())");
}

}  // namespace

TEST_CASE("rows: a backend that gives no answer is given up within the limit, said once, and another one stores") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, impatient(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    REQUIRE(drained(life));
    const StoppedBackend stopped(cluster);
    life.offer(10);
    CHECK(peers::eventually(20s, [&] { return life.times_said("down: no answer from Postgres for 1 s") == 1; }));
    CHECK(drained(life));
    CHECK(life.health().up);
    CHECK(life.times_said("down: ") == 1);
    CHECK(stores(cluster).rows == 20);
    CHECK(stores(cluster).balanced());
}

TEST_CASE("rows: the usual limit is ten seconds, and the server's own come before it") {
    const TimeLimits limits;
    CHECK(limits.answer == 10s);
    CHECK(limits.statement() < limits.answer);
    CHECK(limits.lock() < limits.statement());
}

TEST_CASE("rows: a commit that was given up and comes true later is not repeated") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, impatient(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    REQUIRE(drained(life));
    wait_for_nobody(cluster, true);
    life.offer(1'000);
    REQUIRE(waits_for_standby(cluster));
    CHECK(peers::eventually(10s, [&] { return life.times_said("down: no answer") == 1; }));
    // It holds the ledger's row meanwhile: whoever else would store has to wait, and gives up.
    CHECK(peers::eventually(20s, [&] { return life.health().last_error.find("lock timeout") != std::string::npos; }));
    life.offer(500);
    wait_for_nobody(cluster, false);
    CHECK(drained(life));
    const auto found = stores(cluster);
    CHECK(found.accepted == 1'510);
    CHECK(found.rows == 1'510);
    CHECK(found.balanced());
    CHECK(cluster.number("SELECT count(*) FROM outrigger_ledger") == 1);
    CHECK(life.difference() == 0);
    CHECK(life.cursor().rewound == 0);
}

TEST_CASE("rows: a commit whose wait for a standby was cancelled is in doubt, and the ledger settles it") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    REQUIRE(drained(life));
    wait_for_nobody(cluster, true);
    life.offer(100);
    REQUIRE(waits_for_standby(cluster));
    cluster.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'");
    CHECK(drained(life));
    CHECK(life.times_said("did not wait for its standby") == 1);
    wait_for_nobody(cluster, false);
    CHECK(stores(cluster).rows == 110);
    CHECK(stores(cluster).balanced());
    CHECK(life.difference() == 0);
}

TEST_CASE("rows: what takes Postgres too long is stored in smaller parts") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, impatient(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    make_slow(cluster, "0.001");
    life.offer(2'000);
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 2'010);
    CHECK(stores(cluster).balanced());
    // Once; a busy machine may take too long anew when some are stored already.
    CHECK(life.times_said("(57014)") >= 1);
    CHECK(life.times_said("(57014)") == life.times_said("up again"));
}

TEST_CASE("rows: of a Postgres that takes one row in the time there is, that one is stored, and the next") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, impatient(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    make_slow(cluster, "0.5");
    life.offer(4);
    CHECK(drained(life));
    CHECK(stores(cluster).rows == 14);
    CHECK(stores(cluster).balanced());
}

TEST_CASE("rows: a Postgres that hangs does not keep the sink from stopping at its deadline") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    const StoppedBackend stopped(cluster);
    life.offer(10);
    const auto begun = std::chrono::steady_clock::now();
    CHECK_FALSE(life.stop_sink(500ms));
    CHECK(std::chrono::steady_clock::now() - begun < 5s);
    CHECK(life.pending() == 10);
}

TEST_CASE("rows: a transaction that another one made fail is tried again, and said to be that") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    cluster.query("ALTER ROLE postgres SET default_transaction_isolation = 'serializable'");
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    REQUIRE(drained(life));
    CHECK(peers::eventually(30s, [&] {
        life.offer(10);
        cluster.query(
            "SET default_transaction_isolation = 'read committed'; BEGIN; UPDATE outrigger_ledger SET updated_at = "
            "now(); SELECT pg_sleep(1); COMMIT");
        return life.times_said("(40001)") > 0;
    }));
    CHECK(drained(life));
    CHECK(stores(cluster).balanced());
}

TEST_CASE("rows: a server that lost us gives the ledger free within half a minute") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(10);
    REQUIRE(all_stored(cluster, 10));
    REQUIRE(drained(life));
    cluster.query(R"(
        CREATE TABLE seen (idle int, every int, times int);
        CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            INSERT INTO seen VALUES (current_setting('tcp_keepalives_idle')::int,
                current_setting('tcp_keepalives_interval')::int, current_setting('tcp_keepalives_count')::int);
            RETURN new; END $$;
        CREATE TRIGGER see BEFORE INSERT ON request_log FOR EACH ROW EXECUTE FUNCTION see())");
    life.offer(1);
    CHECK(drained(life));
    CHECK(cluster.number("SELECT max(idle + every * times) FROM seen") <= 30);
    CHECK(cluster.number("SELECT min(idle) FROM seen") > 0);
}
