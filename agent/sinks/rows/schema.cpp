#include "agent/sinks/rows/schema.h"

#include <spdlog/fmt/fmt.h>

namespace outrigger::rows {

namespace {

constexpr std::string_view tables = R"(
CREATE TABLE IF NOT EXISTS request_log (
    "timestamp" timestamptz NOT NULL, source_ip inet, endpoint text, status_code smallint, message text,
    service text, env text, version text, host text, method text, route text,
    duration_us bigint, request_bytes bigint, response_bytes bigint,
    trace_id uuid, span_id bigint, error_type text, tags jsonb,
    agent int NOT NULL, "position" bigint NOT NULL
) PARTITION BY RANGE ("timestamp");
CREATE INDEX IF NOT EXISTS request_log_timestamp_idx ON request_log USING brin ("timestamp");
CREATE TABLE IF NOT EXISTS outrigger_ledger (
    agent int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, journal uuid NOT NULL UNIQUE,
    "position" bigint NOT NULL, accepted bigint NOT NULL, updated_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS outrigger_drops (
    agent int NOT NULL, first bigint NOT NULL, last bigint NOT NULL, events bigint NOT NULL, reason text NOT NULL,
    at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS outrigger_dead_letter (
    agent int NOT NULL, "position" bigint NOT NULL, sqlstate text NOT NULL, detail text, event jsonb,
    at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS outrigger_expired (
    agent int NOT NULL, day date NOT NULL, events bigint NOT NULL, last bigint NOT NULL);
)";

std::string date(Day day) {
    const std::chrono::year_month_day parts(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(parts.year()), static_cast<unsigned>(parts.month()),
                       static_cast<unsigned>(parts.day()));
}

}  // namespace

Day day_of(std::int64_t us_since_1970) {
    return std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us_since_1970)));
}

std::string_view tables_sql() { return tables; }

std::string partition_name(Day day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("request_log_{:04}{:02}{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string partition_sql(Day day) {
    const std::string name = partition_name(day);
    return fmt::format(R"(
DO $outrigger$ BEGIN
    IF to_regclass('{0}') IS NULL THEN
        CREATE TABLE {0} (LIKE request_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
        ALTER TABLE request_log ATTACH PARTITION {0} FOR VALUES FROM ('{1} 00:00:00+00') TO ('{2} 00:00:00+00');
    END IF;
END $outrigger$;)",
                       name, date(day), date(day + std::chrono::days(1)));
}

std::expected<void, DatabaseError> ensure_tables(Session& session) {
    const auto present = session.execute(
        "SELECT count(*) FROM (VALUES ('request_log'), ('outrigger_ledger'), ('outrigger_drops'), "
        "('outrigger_dead_letter'), ('outrigger_expired')) AS wanted(name) WHERE to_regclass(name) IS NOT NULL");
    if (!present) return std::unexpected(present.error());
    if (present->at(0).at(0) == "5") return {};
    const auto made = session.execute(std::string(tables));
    return made ? std::expected<void, DatabaseError>() : std::unexpected(made.error());
}

std::expected<void, DatabaseError> ensure_partition(Session& session, Day day) {
    const auto made = session.execute(partition_sql(day));
    return made ? std::expected<void, DatabaseError>() : std::unexpected(made.error());
}

}  // namespace outrigger::rows
