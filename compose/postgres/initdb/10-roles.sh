#!/bin/bash
# The roles, each with what it needs and no more. Runs once, when the data directory is empty.
set -euo pipefail

password() { cat "/run/secrets/$1_password"; }

psql -v ON_ERROR_STOP=1 -X -q -U "$POSTGRES_USER" -d "$POSTGRES_DB" \
    -v database="$POSTGRES_DB" \
    -v outrigger="$(password outrigger)" -v grafana="$(password grafana)" \
    -v exporter="$(password exporter)" -v datadog="$(password datadog)" <<'SQL'
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
