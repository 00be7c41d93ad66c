#!/bin/bash
# The roles, each with what it needs and no more. Runs once, when the data directory is empty.
set -euo pipefail

for name in outrigger grafana exporter datadog; do
    [ -s "/run/secrets/${name}_password" ] || { echo "/run/secrets/${name}_password is missing or empty" >&2; exit 1; }
done

# psql reads the passwords: on its command line everybody could. The settings keep them out of pg_stat_statements and the log.
psql -v ON_ERROR_STOP=1 -X -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" -v database="$POSTGRES_DB" <<'SQL'
SET pg_stat_statements.track_utility = off;
SET log_min_duration_statement = -1;
SET log_min_error_statement = panic;
\set outrigger `cat /run/secrets/outrigger_password`
\set grafana `cat /run/secrets/grafana_password`
\set exporter `cat /run/secrets/exporter_password`
\set datadog `cat /run/secrets/datadog_password`
CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;

-- The agent: writes rows and its ledger; makes no tables (20-tables.sql gives it two functions for the partitions).
CREATE ROLE outrigger LOGIN PASSWORD :'outrigger';
-- Grafana runs any SQL that a viewer types: it reads, and a statement ends after 30 s.
CREATE ROLE grafana LOGIN PASSWORD :'grafana' CONNECTION LIMIT 20;
ALTER ROLE grafana SET default_transaction_read_only = on;
ALTER ROLE grafana SET statement_timeout = '30s';
CREATE ROLE exporter LOGIN PASSWORD :'exporter' CONNECTION LIMIT 5;
CREATE ROLE datadog LOGIN PASSWORD :'datadog' CONNECTION LIMIT 10;

GRANT CONNECT ON DATABASE :"database" TO outrigger, grafana, exporter, datadog;
GRANT USAGE ON SCHEMA public TO grafana, exporter, datadog;
GRANT pg_monitor TO exporter, datadog;
GRANT pg_read_all_stats TO grafana;  -- sizes, and the texts of the slowest statements
SQL
