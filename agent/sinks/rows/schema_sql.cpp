#include "agent/sinks/rows/schema_sql.h"

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

// plpgsql, with `day`; each @ stands for the schema. One at a time, whoever asks: the lock is the transaction's. Made
// standalone, then attached, so that nobody who reads or writes request_log has to wait. A day that lies in a partition
// of somebody else's making is covered.
constexpr std::string_view partition_body = R"(
    name text := 'request_log_' || to_char(day::timestamp, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('outrigger_schema'));
    IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = '@request_log'::regclass AND inhrelid = to_regclass('@' || name)) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE @%I (LIKE @request_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE @request_log ATTACH PARTITION @%I FOR VALUES FROM (%L) TO (%L)',
        name, to_char(day::timestamp, 'YYYY-MM-DD 00:00:00+00'), to_char((day + 1)::timestamp, 'YYYY-MM-DD 00:00:00+00'));
EXCEPTION WHEN invalid_object_definition THEN
    RETURN;
END)";

// plpgsql, with `days`; each @ stands for the schema. Nobody else may do it meanwhile. What goes is counted into
// outrigger_expired in the same transaction, and stays when a trigger eats that count. Partitions come last: each is
// counted while nobody may write to it, and others wait for the drop.
constexpr std::string_view expire_body = R"(
    cutoff date := (now() AT TIME ZONE 'UTC')::date - days;
    part record;
    kept boolean;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('outrigger_expire')) THEN
        RETURN;
    END IF;
    WITH gone AS (DELETE FROM @outrigger_drops AS d WHERE (d.at AT TIME ZONE 'UTC')::date < cutoff
        RETURNING d.agent, (d.at AT TIME ZONE 'UTC')::date AS on_day, d.events, d.last),
    put AS (INSERT INTO @outrigger_expired (agent, day, events, last)
        SELECT g.agent, g.on_day, sum(g.events), max(g.last) FROM gone AS g GROUP BY g.agent, g.on_day RETURNING events)
    SELECT (SELECT sum(g.events) FROM gone AS g) IS NOT DISTINCT FROM (SELECT sum(p.events) FROM put AS p) INTO kept;
    IF kept THEN
        WITH gone AS (DELETE FROM @outrigger_dead_letter AS d WHERE (d.at AT TIME ZONE 'UTC')::date < cutoff
            RETURNING d.agent, (d.at AT TIME ZONE 'UTC')::date AS on_day, d."position" AS place),
        put AS (INSERT INTO @outrigger_expired (agent, day, events, last)
            SELECT g.agent, g.on_day, count(*), max(g.place) FROM gone AS g GROUP BY g.agent, g.on_day RETURNING events)
        SELECT (SELECT count(*) FROM gone) = (SELECT coalesce(sum(p.events), 0) FROM put AS p) INTO kept;
    END IF;
    FOR part IN SELECT c.oid::regclass AS name, to_date(right(c.relname, 8), 'YYYYMMDD') AS day
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = '@request_log'::regclass AND c.relname ~ '^request_log_[0-9]{8}$' ORDER BY 2
    LOOP
        EXIT WHEN NOT kept OR part.day >= cutoff;
        EXECUTE format('LOCK TABLE %s IN SHARE MODE', part.name);
        EXECUTE format('WITH sums AS MATERIALIZED (' ||
            'SELECT agent, count(*) AS events, max("position") AS last FROM %s GROUP BY agent), ' ||
            'put AS (INSERT INTO @outrigger_expired (agent, day, events, last) ' ||
            'SELECT agent, %L::date, events, last FROM sums RETURNING events) ' ||
            'SELECT (SELECT sum(events) FROM sums) IS NOT DISTINCT FROM (SELECT sum(events) FROM put)',
            part.name, part.day) INTO kept;
        IF kept THEN
            EXECUTE format('DROP TABLE %s', part.name);
        END IF;
    END LOOP;
    IF NOT kept THEN
        RAISE EXCEPTION 'outrigger_expired does not take what goes, so nothing goes: look for a trigger on it';
    END IF;
END)";

// `schema`: empty, or a quoted name.
std::string within(std::string_view schema, std::string_view body) {
    const std::string prefix = schema.empty() ? std::string() : std::string(schema) + ".";
    std::string out;
    for (const char byte : body) {
        if (byte == '@')
            out += prefix;
        else
            out += byte;
    }
    return out;
}

// It runs with its maker's rights. So its search path is the server's own alone: whoever may create functions or
// operators in the schema could else have them called.
std::string function(std::string_view head, std::string_view body, std::string_view schema) {
    return fmt::format(
        "CREATE OR REPLACE FUNCTION {} RETURNS void LANGUAGE plpgsql SECURITY DEFINER "
        "SET search_path = pg_catalog, pg_temp AS $outrigger$ DECLARE {} $outrigger$;\n",
        head, within(schema, body));
}

std::string on_one_line(std::string_view text) {
    std::string out;
    for (const char byte : text) {
        const char put = byte == '\n' ? ' ' : byte;
        if (put == ' ' && (out.empty() || out.back() == ' ')) continue;
        out += put;
    }
    return out;
}

}  // namespace

Day day_of(std::int64_t us_since_1970) {
    return std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(us_since_1970)));
}

std::string date(Day day) {
    const std::chrono::year_month_day parts(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(parts.year()), static_cast<unsigned>(parts.month()),
                       static_cast<unsigned>(parts.day()));
}

std::string partition_name(Day day) {
    std::string digits = date(day);
    std::erase(digits, '-');
    return "request_log_" + digits;
}

std::string_view tables_sql() { return tables; }

std::string partition_sql(Day day) {
    return fmt::format("DO $outrigger$ DECLARE day date := '{}'; {} $outrigger$", date(day),
                       within("", partition_body));
}

std::string expire_sql(std::chrono::days days) {
    return fmt::format("DO $outrigger$ DECLARE days int := {}; {} $outrigger$", days.count(), within("", expire_body));
}

std::string administrator_sql(std::string_view schema, std::string_view role) {
    std::string text = fmt::format("BEGIN; SET LOCAL search_path = {};", schema);
    text += tables;
    text += function("outrigger_partition(day date)", partition_body, schema);
    text += function("outrigger_expire(days int)", expire_body, schema);
    text += fmt::format(
        "REVOKE ALL ON FUNCTION outrigger_partition(date), outrigger_expire(int) FROM PUBLIC;\n"
        "GRANT USAGE ON SCHEMA {0} TO {1};\n"
        "GRANT EXECUTE ON FUNCTION outrigger_partition(date), outrigger_expire(int) TO {1};\n"
        "GRANT SELECT, INSERT ON request_log, outrigger_ledger, outrigger_drops, outrigger_dead_letter, "
        "outrigger_expired TO {1};\n"
        "GRANT UPDATE (\"position\", accepted, updated_at) ON outrigger_ledger TO {1}; COMMIT;",
        schema, role);
    return on_one_line(text);
}

}  // namespace outrigger::rows
