# The real thing without containers: does every query get an answer with data in it, from a Prometheus and a Postgres that a running
# agent, app and exporters fill?
import os
import time
import urllib.error

from check import ROOT, PassedOver, require, test, tool
from grafana import Provisioning, filled, panels, variables
from local_stack import LocalStack, eventually
from queries import all_queries

SEED = [  # as the demo that this one grew from promised them; with --metric-names=flask
    "rate(flask_http_request_total[5m])", "pg_stat_activity_count", "node_load1", "request_count", "rate(request_count[5m])",
    "rate(flask_http_request_duration_seconds_sum[1m]) / rate(flask_http_request_duration_seconds_count[1m])",
    "histogram_quantile(0.9, sum by (le,path) (rate(flask_http_request_duration_seconds_bucket[5m])))",
    'histogram_quantile(0.9, sum by (le,path) (rate(flask_http_request_duration_seconds_bucket{path="/simulation"}[5m])))',
    'app_info{version="1.0.3"}',
]
TRAFFIC = {"/": 6, "/green": 6, "/red": 2, "/simulation": 1, "/crash": 0.3, "/nothing-there": 0.5}


def number(text):
    return text not in ("NaN", "+Inf", "-Inf")


def problem(stack, query):
    """What is wrong with the answer, or None."""
    try:
        if query["language"] == "sql":
            rows = stack.rows(query["query"])
            return None if rows or query["kind"] == "alert" else "no rows"
        now = time.time()
        data = stack.prometheus("query_range", query=query["query"], start=now - 20, end=now, step=2)["result"]
    except (RuntimeError, urllib.error.HTTPError) as error:
        return error.read().decode() if hasattr(error, "read") else str(error)
    if query["kind"] == "alert":
        return None
    if not any(number(value) for series in data for _, value in series["values"]):
        return "no data"
    if "label" in query and not any(query["label"] in series["metric"] for series in data):
        return f"no series with the label {query['label']}"
    return None


def all_answered(stack, queries, seconds=90):
    """Those without an answer, when the time is up."""
    waiting = {query["id"] + query["query"]: query for query in queries}
    deadline = time.monotonic() + seconds
    while waiting and time.monotonic() < deadline:
        for key, query in list(waiting.items()):
            query["problem"] = problem(stack, query)
            if query["problem"] is None:
                del waiting[key]
        time.sleep(1)
    return [f"{query['id']}: {query['problem']}\n        {query['query']}" for query in waiting.values()]


def exemplar_of(stack):
    found = stack.prometheus("query_exemplars", query="http_request_duration_seconds_bucket", start=time.time() - 60, end=time.time())
    return found and found[0]["exemplars"][0]["labels"]["trace_id"]


def check_exemplars(stack):
    """What an exemplar leads to: the dashboard's table of requests, with the trace's id in its variable."""
    trace = eventually(30, "an exemplar", lambda: exemplar_of(stack))
    dashboard = Provisioning().dashboards["outrigger-service"]
    variables(dashboard)["trace_id"]["current"]["value"] = trace
    statement = next(p["targets"][0]["rawSql"] for p in panels(dashboard) if p["title"] == "Single requests")
    rows = eventually(10, f"the row of trace {trace}", lambda: stack.rows(filled(statement, dashboard, 10, 2, 3600)))
    assert [row["trace_id"] for row in rows] == [trace], rows


def check_rules(stack):
    groups = stack.prometheus("rules")["groups"]
    require(f"{rule['name']}: {rule['health']}: {rule.get('lastError')}" for group in groups for rule in group["rules"] if rule["health"] == "err")
    names = {rule["name"] for group in groups for rule in group["rules"] if rule["type"] == "alerting"}
    paused = {rule["title"] for rule in Provisioning().rules if rule["isPaused"]}
    assert names == paused, names ^ paused


def check_versions(stack):
    query = next(q for q in all_queries(10, 2, 60) if q["id"] == "service/Versions" and q["kind"] == "annotation")
    seen = {series["metric"]["version"] for series in stack.prometheus("query", query=query["query"])["result"]}
    assert {"1.0.3", "1.0.4"} <= seen, seen


@test("every query of every panel, variable, annotation and rule gets data from a running stack; so do the first demo's queries")
def live():
    for needed in ("prometheus", "prometheus-node-exporter", "prometheus-postgres-exporter", "statsd_exporter"):
        tool(needed)
    if not (ROOT / os.environ.get("PROGRAM_FOLDER", "build") / "outrigger").exists():
        raise PassedOver("the programs are not built")
    with LocalStack(("prometheus", "flask", "otel")) as stack:
        stack.offer(TRAFFIC)
        stack.start_app("1.0.4")
        stack.send_line("not json")
        queries = list(all_queries(rate_interval=10, interval=2, span=60))
        queries += [{"id": "first demo", "kind": "panel", "language": "promql", "query": query} for query in SEED]
        assert len(queries) > 200
        require(all_answered(stack, queries))
        check_exemplars(stack)
        check_rules(stack)
        check_versions(stack)
        assert stack.failed == 0 and stack.sent > 500, (stack.sent, stack.failed)
        print(f"{len(queries)} queries, {stack.sent} requests")
