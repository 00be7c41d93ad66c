-- Who reads. Grafana reads partitions through request_log, so new ones need no grant.
GRANT SELECT ON request_log, outrigger_ledger, outrigger_drops, outrigger_dead_letter, outrigger_expired TO grafana;
