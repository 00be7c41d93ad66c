-- Is each accepted request in exactly one place? One statement, so one moment: `difference` and `duplicates` must be 0.
select accepted, rows, expired, dropped, dead_letters,
       accepted - rows - expired - dropped - dead_letters as difference,
       rows - distinct_rows as duplicates
from (select coalesce(sum(accepted), 0) as accepted from outrigger_ledger) as ledger,
     (select count(*) as rows, count(distinct (agent, "position")) as distinct_rows from request_log) as log,
     (select coalesce(sum(events), 0) as expired from outrigger_expired) as expired,
     (select coalesce(sum(events), 0) as dropped from outrigger_drops) as drops,
     (select count(*) as dead_letters from outrigger_dead_letter) as dead;
