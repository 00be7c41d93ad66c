// The statements that make tables, partitions and functions, as text. Pure. Used by Schema, and printed for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace outrigger::rows {

using Day = std::chrono::sys_days;
Day day_of(std::int64_t us_since_1970);

std::string date(Day day);            // 2026-11-22
std::string partition_name(Day day);  // request_log_20261122

// The five tables; harmless when they are there.
std::string_view tables_sql();
// One statement each, for a role that owns the tables.
std::string partition_sql(Day day);
std::string expire_sql(std::chrono::days days);
// What an administrator runs, on one line: tables, functions with a fixed search path, and the least grants.
std::string administrator_sql(std::string_view schema, std::string_view role);

}  // namespace outrigger::rows
