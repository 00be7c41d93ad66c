// The tables in Postgres and their partitions by day (UTC). Statements as text, and what makes sure that they are
// there. Used by the rows worker's thread.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "agent/sinks/rows/session.h"

namespace outrigger::rows {

using Day = std::chrono::sys_days;
Day day_of(std::int64_t us_since_1970);

// CREATE TABLE IF NOT EXISTS for the five tables; harmless when they are there.
std::string_view tables_sql();
// Makes the partition of that day standalone and attaches it; harmless when it is there.
std::string partition_sql(Day day);
std::string partition_name(Day day);

// Makes what is missing, if the role may.
std::expected<void, DatabaseError> ensure_tables(Session& session);
std::expected<void, DatabaseError> ensure_partition(Session& session, Day day);

}  // namespace outrigger::rows
