# The Prometheus rules, as Grafana's own alerting has them; and what only Grafana can ask, of Postgres. Pure: no I/O.
# A rule of Prometheus fires when its expression has a sample, whatever its value: the query's answer goes through an expression that
# is 1 where there is a number. Prometheus evaluates those already, so they are paused here: who has no Alertmanager unpauses them.
import hashlib

PROMETHEUS_UID, POSTGRES_UID = "outrigger-prometheus", "outrigger-postgres"
FOLDER = "Outrigger"

BALANCE = """
select coalesce(abs(ledger.accepted - log.rows - expired.events - drops.events - dead.rows), 0)::float as difference
from (select coalesce(sum(accepted), 0) as accepted from outrigger_ledger) as ledger,
     (select count(*) as rows from request_log) as log,
     (select coalesce(sum(events), 0) as events from outrigger_expired) as expired,
     (select coalesce(sum(events), 0) as events from outrigger_drops) as drops,
     (select count(*) as rows from outrigger_dead_letter) as dead"""
REFUSED = "select count(*)::float as events from outrigger_dead_letter where at > now() - interval '1 hour'"


def expression(ref, kind, of, **more):
    return {"refId": ref, "datasourceUid": "__expr__", "relativeTimeRange": {"from": 0, "to": 0},
            "model": {"refId": ref, "type": kind, "datasource": {"type": "__expr__", "uid": "__expr__"}, "expression": of, **more}}


def above(ref, of, limit):
    return expression(ref, "threshold", of, conditions=[{"evaluator": {"type": "gt", "params": [limit]}}])


def of_prometheus(rule):
    query = {"refId": "A", "datasourceUid": PROMETHEUS_UID, "relativeTimeRange": {"from": 600, "to": 0},
             "model": {"refId": "A", "expr": rule["expr"], "instant": True, "range": False}}
    # `$value` is Prometheus's name of the sample; here it is the value of A.
    annotations = {key: text.replace("$value", "$values.A.Value") for key, text in rule["annotations"].items()}
    return grafana_rule(rule["alert"], "C", [query, expression("B", "math", "is_number($A) || is_nan($A) || is_inf($A)"), above("C", "B", 0)],
                        rule.get("for", "0s"), rule["labels"], annotations, paused=True)


def of_postgres(title, sql, limit, wait, severity, annotations):
    query = {"refId": "A", "datasourceUid": POSTGRES_UID, "relativeTimeRange": {"from": 600, "to": 0},
             "model": {"refId": "A", "rawQuery": True, "rawSql": sql.strip(), "format": "table"}}
    return grafana_rule(title, "B", [query, above("B", "A", limit)], wait, {"severity": severity, "component": "postgres"}, annotations)


def grafana_rule(title, condition, data, wait, labels, annotations, paused=False):
    # Ids that stay: provisioning finds a rule again by them.
    uid = "outrigger-" + hashlib.sha256(title.encode()).hexdigest()[:12]
    return {"uid": uid, "title": title, "condition": condition, "data": data, "noDataState": "OK", "execErrState": "Error", "for": wait,
            "labels": labels, "annotations": annotations, "isPaused": paused}


def in_database():
    return [
        of_postgres("RowsDoNotBalance", BALANCE, 0, "15m", "page", {
            "summary": "request_log does not balance: {{ $values.A.Value }} events are missing or there twice",
            "description": "Accepted events, by the ledger, are not rows + expired + dropped + dead letters.",
            "runbook": "Run tools/balance.sql. Were rows deleted or restored by hand? Else it is an error of the agent: keep its data directory."}),
        of_postgres("RowsRefused", REFUSED, 0, "0s", "ticket", {
            "summary": "The database refused {{ $values.A.Value }} events within the hour",
            "description": "They are in outrigger_dead_letter, each with the database's error, and in no other table.",
            "runbook": "select sqlstate, detail, count(*) from outrigger_dead_letter group by 1, 2: a constraint or a column of yours? Mend it; the events are kept as JSON."}),
    ]


def alerting(rule_files):
    """rule_files: pairs of a group's title and the rules of a Prometheus file."""
    groups = [("Database", "15m", in_database())]  # counts all rows
    groups += [(title, "1m", [of_prometheus(rule) for rule in rules if "alert" in rule]) for title, rules in rule_files]
    return {"apiVersion": 1, "groups": [{"orgId": 1, "name": name, "folder": FOLDER, "interval": interval, "rules": rules}
                                        for name, interval, rules in groups if rules]}
