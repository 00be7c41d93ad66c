# The database: from its exporter what it does, from itself what it is slow at and what the agent's tables hold.
from dashboard import POSTGRES_SOURCE, PROMETHEUS_SOURCE, dashboard, labels
from panels import GREEN, RED, YELLOW, closed_row, promql, row, sql, stat, table, timeseries

HERE = 'job=~"$job", instance=~"$instance"'
DATABASE = f'{HERE}, datname=~"$datname"'


def rate(metric, by="datname", scope=DATABASE):
    inner = f"rate({metric}{{{scope}}}[$__rate_interval])"
    return f"sum by ({by}) ({inner})" if by else f"sum ({inner})"


def postgres():
    hits, reads = rate("pg_stat_database_blks_hit"), rate("pg_stat_database_blks_read")
    glance = row(
        "At a glance",
        stat("Up", "1 while the exporter reaches the database.", "bool_yes_no", promql(f"min(pg_up{{{HERE}}})"),
             thresholds=[(None, RED), (1, GREEN)], graph="none"),
        stat("Connections used", "Share of max_connections.", "percentunit",
             promql(f"sum(pg_stat_activity_count{{{HERE}}}) / sum(pg_settings_max_connections{{{HERE}}})"),
             thresholds=[(None, GREEN), (0.7, YELLOW), (0.9, RED)]),
        stat("Transactions", "Commits and rollbacks, each second.", "ops",
             promql(f"{rate('pg_stat_database_xact_commit', '')} + {rate('pg_stat_database_xact_rollback', '')}")),
        stat("Cache hits", "Share of the blocks asked for that were in shared buffers.", "percentunit",
             promql(f"{rate('pg_stat_database_blks_hit', '')} / ({rate('pg_stat_database_blks_hit', '')} + "
                    f"{rate('pg_stat_database_blks_read', '')} > 0)"),
             thresholds=[(None, RED), (0.9, YELLOW), (0.99, GREEN)]),
        stat("Size", "Of the databases that are chosen.", "bytes", promql(f"sum(pg_database_size_bytes{{{DATABASE}}})")),
        stat("Oldest transaction", "How long the oldest open transaction has been open.", "s",
             promql(f"max(pg_stat_activity_max_tx_duration{{{DATABASE}}})"), thresholds=[(None, GREEN), (60, YELLOW), (600, RED)]),
    )
    activity = row(
        "Activity",
        timeseries("Connections by state", "Sessions, by what they do.", "short",
                   promql(f"sum by (state) (pg_stat_activity_count{{{DATABASE}}})", "{{state}}"), stacked=True),
        timeseries("Transactions", "Commits and rollbacks, each second.", "ops",
                   promql(rate("pg_stat_database_xact_commit"), "{{datname}}: commits"),
                   promql(rate("pg_stat_database_xact_rollback"), "{{datname}}: rollbacks")),
        timeseries("Rows", "Rows written and read, each second.", "ops",
                   promql(rate("pg_stat_database_tup_inserted"), "{{datname}}: inserted"),
                   promql(rate("pg_stat_database_tup_updated"), "{{datname}}: updated"),
                   promql(rate("pg_stat_database_tup_deleted"), "{{datname}}: deleted"),
                   promql(rate("pg_stat_database_tup_fetched"), "{{datname}}: fetched")),
        timeseries("Cache hits", "Share of the blocks asked for that were in shared buffers.", "percentunit",
                   promql(f"{hits} / ({hits} + {reads} > 0)", "{{datname}}"), max=1, calcs=("lastNotNull", "min")),
        timeseries("Locks", "Locks held, by mode.", "short", promql(f"sum by (mode) (pg_locks_count{{{DATABASE}}})", "{{mode}}"), stacked=True),
        timeseries("Conflicts", "Deadlocks, conflicts with recovery, and temporary files, each second.", "ops",
                   promql(rate("pg_stat_database_deadlocks"), "{{datname}}: deadlocks"),
                   promql(rate("pg_stat_database_conflicts"), "{{datname}}: conflicts"),
                   promql(rate("pg_stat_database_temp_files"), "{{datname}}: temporary files")),
        timeseries("Size", "Of each database.", "bytes", promql(f"sum by (datname) (pg_database_size_bytes{{{DATABASE}}})", "{{datname}}"), width=12),
        timeseries("Temporary files", "Bytes written to temporary files, each second: sorts and joins that work_mem had no room for.", "Bps",
                   promql(rate("pg_stat_database_temp_bytes"), "{{datname}}"), width=12),
    )
    statements = row(
        "Statements, from pg_stat_statements",
        table("Slowest statements", "By the time that they took on the whole since the statistics began.", sql("""
select statements.calls, total_exec_time / 1e3 as total, mean_exec_time / 1e3 as mean, max_exec_time / 1e3 as slowest, rows,
       shared_blks_hit::float / nullif(shared_blks_hit + shared_blks_read, 0) as cache_hits, usename as role,
       left(regexp_replace(query, '\\s+', ' ', 'g'), 400) as statement
from pg_stat_statements as statements left join pg_user on usesysid = userid
order by total_exec_time desc limit 25"""), width=24,
              columns={"total": "s", "mean": "s", "slowest": "s", "cache_hits": "percentunit"}),
    )
    tables = row(
        "What the agent keeps here",
        table("Partitions of request_log", "A day each (UTC), with their size and what the planner takes for their number of rows.", sql("""
select child.relname as partition, pg_total_relation_size(child.oid) as size, greatest(child.reltuples, 0)::bigint as rows_about
from pg_inherits join pg_class as child on child.oid = inhrelid
where inhparent = 'request_log'::regclass
order by 1 desc"""), columns={"size": "bytes"}, width=8, height=6),
        table("Ledger", "How far each agent is: the position is in the same transaction as the rows, so each is there exactly once.", sql("""
select agent, "position", accepted, updated_at, extract(epoch from now() - updated_at) as age
from outrigger_ledger order by agent"""), columns={"age": "s", "updated_at": "dateTimeAsIso"}, width=16, height=6),
    )
    balance = closed_row(
        "Balance: counts all rows",
        table("Balance", "Each accepted request lies in exactly one place: the difference is 0.", sql("""
select accepted, rows, expired, dropped, dead_letters, accepted - rows - expired - dropped - dead_letters as difference
from (select coalesce(sum(accepted), 0) as accepted from outrigger_ledger) as ledger,
     (select count(*) as rows from request_log) as log,
     (select coalesce(sum(events), 0) as expired from outrigger_expired) as expired,
     (select coalesce(sum(events), 0) as dropped from outrigger_drops) as drops,
     (select count(*) as dead_letters from outrigger_dead_letter) as dead"""), width=24, height=5),
    )
    return dashboard(
        "outrigger-postgres", "Postgres", "The database that holds request_log.",
        [PROMETHEUS_SOURCE, POSTGRES_SOURCE, labels("job", "job", "pg_up"), labels("instance", "instance", 'pg_up{job=~"$job"}'),
         labels("datname", "datname", f"pg_stat_database_xact_commit{{{HERE}}}", title="Database")],
        [glance, activity, statements, tables, balance])
