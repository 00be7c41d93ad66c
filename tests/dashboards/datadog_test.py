# Datadog's side: a dashboard, monitors and the queries behind them, as its interface takes them.
import json
import re

import yaml
from check import ROOT, output, require, test, tool

FOLDER = ROOT / "dashboards/datadog"
METRIC = re.compile(r"\b(?:sum|max|min|avg|p\d\d):([a-zA-Z_][\w.]*)\{")
SENT = {"request_count", "request_latency_seconds"}  # by StatsD
MADE = {"trace.http.request", "trace.http.request.hits", "trace.http.request.errors"}  # by Datadog's agent, of our traces
OTHERS = {"postgresql.connections", "postgresql.database_size"}  # of its integration


def queries_in(value):
    if isinstance(value, dict):
        for key, each in value.items():
            yield from [each] if key == "query" and isinstance(each, str) else queries_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from queries_in(each)


def of_the_agent():
    """What the agent's families are called when Datadog's OpenMetrics check, with the namespace `outrigger`, has read them."""
    text = "".join(path.read_text() for path in (ROOT / "agent").rglob("*.cpp"))
    return {"outrigger." + re.sub("_total$", ".count", name) for name in re.findall(r'"(outrigger_\w+)"', text)}


def contents():
    return {path.name: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}


@test("Datadog's own client knows every key of the dashboard and of the monitors")
def models():
    python = tool("datadog/bin/python")
    require(output(python, "-B", "tools/dashboards/datadog_models.py", FOLDER / "dashboard.json", FOLDER / "monitors.json"))


@test("each metric that Datadog is asked for is one that somebody sends")
def metrics():
    known = SENT | MADE | OTHERS | of_the_agent()
    asked = [(name, metric) for name, content in contents().items() for query in queries_in(content) for metric in METRIC.findall(query)]
    assert len(asked) > 40
    require(f"{name}: {metric}" for name, metric in asked if metric not in known)


@test("the queries are those of the dashboard, and monitors say whom to tell")
def whole():
    content = contents()
    listed = " ".join(entry["query"] for entry in content["queries.json"])
    require(query for query in queries_in(content["dashboard.json"]) if query not in listed)
    require(monitor["name"] for monitor in content["monitors.json"]
            if "@your-team" not in monitor["message"] or "project:outrigger" not in monitor["tags"])


@test("books are watched in both directions, and who asks for a percentile says that it must be turned on")
def pitfalls():
    monitors = json.loads((FOLDER / "monitors.json").read_text())
    books = next(monitor["query"] for monitor in monitors if "books_difference" in monitor["query"])
    assert "abs(max:" in books and "abs(min:" in books, books
    slow = next(monitor["message"] for monitor in monitors if "percentile(" in monitor["query"])
    assert "Metrics Summary" in slow, slow


@test("Datadog's agent, by its labels in compose and Kubernetes, takes every family that the agent shows, whichever --metric-names")
def taken():
    services = yaml.safe_load((ROOT / "compose/docker-compose.yml").read_text())["services"]
    pods = [each for each in yaml.safe_load_all((ROOT / "compose/kubernetes.yaml").read_text()) if each["kind"] == "StatefulSet"]
    checks = [services["agent"]["labels"]["com.datadoghq.ad.checks"],
              pods[0]["spec"]["template"]["metadata"]["annotations"]["ad.datadoghq.com/agent.checks"]]
    for check in checks:
        patterns = json.loads(check)["openmetrics"]["instances"][0]["metrics"]
        require(f"{name}: none of {patterns}" for name in ("outrigger_sink_up", "http_requests", "http_server_request_duration_seconds",
                                                           "flask_http_request", "app_info")
                if not any(re.fullmatch(pattern, name) for pattern in patterns))
