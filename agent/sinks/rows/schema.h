// The tables in Postgres, their partitions by day (UTC) and the two functions that make and drop partitions: statements
// as text, and what makes sure that they are there. Used by the rows worker's thread.
#pragma once

#include <chrono>
#include <expected>
#include <string>
#include <string_view>

#include "agent/sinks/rows/session.h"

namespace outrigger::rows {

using Day = std::chrono::sys_days;
Day day_of(std::int64_t us_since_1970);

// Everything there must be, made where it is missing; harmless when it is there. The functions run with the rights of
// whoever makes them, so that the agent's own role needs no right to make or drop tables.
std::string schema_sql(std::string_view schema);
// What a role without the right to make tables needs beside that.
std::string grants_sql(std::string_view schema, std::string_view role);

// Makes what is missing, if the role may. An error of kind hold carries, in `statements`, what somebody who may should
// run.
struct SchemaError {
    DatabaseError error;
    std::string statements;  // empty: statements do not help
};
std::expected<void, SchemaError> ensure_schema(Session& session);
std::expected<void, DatabaseError> ensure_partition(Session& session, Day day);
// Drops the partitions of days that are more than `retention` ago, and counts what was in them. Returns how many.
std::expected<std::uint64_t, DatabaseError> expire(Session& session, std::chrono::days retention);

}  // namespace outrigger::rows
