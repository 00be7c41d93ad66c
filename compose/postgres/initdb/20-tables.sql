-- The agent's tables, and the functions by which it makes and drops partitions without the right to make tables: what
-- the agent prints after `please run:` when they are missing. A unit test compares the two. They belong to a role that
-- nobody is: the functions run with its rights, not with the superuser's.
CREATE ROLE outrigger_owner NOLOGIN;
GRANT USAGE, CREATE ON SCHEMA public TO outrigger_owner WITH GRANT OPTION;
SET ROLE outrigger_owner;
BEGIN;
SET LOCAL search_path = public;
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

CREATE OR REPLACE FUNCTION outrigger_partition(day date) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $outrigger$ DECLARE
    name text := 'request_log_' || to_char(day::timestamp, 'YYYYMMDD');
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('outrigger_schema'));
    IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'public.request_log'::regclass AND inhrelid = to_regclass('public.' || name)) THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.request_log INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE public.request_log ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        name, to_char(day::timestamp, 'YYYY-MM-DD 00:00:00+00'), to_char((day + 1)::timestamp, 'YYYY-MM-DD 00:00:00+00'));
EXCEPTION WHEN invalid_object_definition THEN
    RETURN;
END $outrigger$;

CREATE OR REPLACE FUNCTION outrigger_expire(days int) RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $outrigger$ DECLARE
    cutoff date := (now() AT TIME ZONE 'UTC')::date - days;
    part record;
    kept boolean;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('outrigger_expire')) THEN
        RETURN;
    END IF;
    WITH gone AS (DELETE FROM public.outrigger_drops AS d WHERE (d.at AT TIME ZONE 'UTC')::date < cutoff
        RETURNING d.agent, (d.at AT TIME ZONE 'UTC')::date AS on_day, d.events, d.last),
    put AS (INSERT INTO public.outrigger_expired (agent, day, events, last)
        SELECT g.agent, g.on_day, sum(g.events), max(g.last) FROM gone AS g GROUP BY g.agent, g.on_day RETURNING events)
    SELECT (SELECT sum(g.events) FROM gone AS g) IS NOT DISTINCT FROM (SELECT sum(p.events) FROM put AS p) INTO kept;
    IF kept THEN
        WITH gone AS (DELETE FROM public.outrigger_dead_letter AS d WHERE (d.at AT TIME ZONE 'UTC')::date < cutoff
            RETURNING d.agent, (d.at AT TIME ZONE 'UTC')::date AS on_day, d."position" AS place),
        put AS (INSERT INTO public.outrigger_expired (agent, day, events, last)
            SELECT g.agent, g.on_day, count(*), max(g.place) FROM gone AS g GROUP BY g.agent, g.on_day RETURNING events)
        SELECT (SELECT count(*) FROM gone) = (SELECT coalesce(sum(p.events), 0) FROM put AS p) INTO kept;
    END IF;
    FOR part IN SELECT c.oid::regclass AS name, to_date(right(c.relname, 8), 'YYYYMMDD') AS day
        FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.request_log'::regclass AND c.relname ~ '^request_log_[0-9]{8}$' ORDER BY 2
    LOOP
        EXIT WHEN NOT kept OR part.day >= cutoff;
        EXECUTE format('LOCK TABLE %s IN SHARE MODE', part.name);
        EXECUTE format('WITH sums AS MATERIALIZED (' ||
            'SELECT agent, count(*) AS events, max("position") AS last FROM %s GROUP BY agent), ' ||
            'put AS (INSERT INTO public.outrigger_expired (agent, day, events, last) ' ||
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
END $outrigger$;

REVOKE ALL ON FUNCTION outrigger_partition(date), outrigger_expire(int) FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO outrigger;
GRANT EXECUTE ON FUNCTION outrigger_partition(date), outrigger_expire(int) TO outrigger;
GRANT SELECT, INSERT ON request_log, outrigger_ledger, outrigger_drops, outrigger_dead_letter,
outrigger_expired TO outrigger;
GRANT UPDATE ("position", accepted, updated_at) ON outrigger_ledger TO outrigger;
COMMIT;
RESET ROLE;
