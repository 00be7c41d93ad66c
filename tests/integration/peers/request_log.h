// What the tables of the rows sink say, as a user would ask them.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "tests/integration/peers/postgres_cluster.h"
#include "tests/integration/peers/scrape.h"

namespace outrigger::peers {

using Counts = std::map<std::pair<std::string, int>, long>;  // by path (or route) and status

Counts counts_in_table(const PostgresCluster& cluster);
Counts counts_in_scrape(const Scrape& scrape);
std::string to_text(const Counts& counts);

// The answer of tools/balance.sql.
struct Balance {
    long accepted, rows, expired, dropped, dead_letters, difference, duplicates;
};
Balance balance(const PostgresCluster& cluster);

// Whether the table holds as many rows before the deadline; 0 as long as there is no table.
bool rows_reach(const PostgresCluster& cluster, long wanted, std::chrono::milliseconds deadline);

}  // namespace outrigger::peers
