// Each event is stored exactly once, whatever is cut or crashes in between.
#include <doctest/doctest.h>

#include <random>
#include <thread>

#include "tests/integration/peers/eventually.h"
#include "tests/integration/rows/rows_fixture.h"

using namespace outrigger;
using namespace outrigger::rows;
using namespace std::chrono_literals;

namespace {

void check_all_stored(const peers::PostgresCluster& cluster, const AgentLife& life) {
    const auto events = static_cast<long>(life.requests());
    CHECK(all_stored(cluster, events, 60s));
    const auto found = stores(cluster);
    CHECK(found.accepted == events);
    CHECK(found.rows == events);
    CHECK(found.balanced());
    CHECK(peers::eventually(10s, [&] { return life.pending() == 0; }));
    CHECK(life.difference() == 0);
}

}  // namespace

TEST_CASE("rows: what is journaled is in Postgres within seconds, and the books balance") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    life.offer(25'000);
    check_all_stored(cluster, life);
    CHECK(life.cursor().delivered == 25'000);
    CHECK(life.health().up);
    CHECK(life.stop_sink());
}

TEST_CASE("rows: connections that are terminated at random cost no row and double none") {
    const peers::PostgresCluster cluster;
    const peers::TemporaryFolder folder;
    AgentLife life(folder.path(), {}, settings_for(cluster));
    std::minstd_rand random(7);
    for (int i = 0; i < 50; ++i) {
        life.offer(1'000);
        std::this_thread::sleep_for(std::chrono::milliseconds(random() % 60));
        cut_connections(cluster);
    }
    check_all_stored(cluster, life);
    CHECK(life.requests() == 50'000);
}
