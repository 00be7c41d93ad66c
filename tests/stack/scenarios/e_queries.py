"""Every query of every panel, variable, annotation, rule and alert, asked of the stack's Prometheus and Postgres."""
import subprocess

from live_test import all_answered
from load import Load
from queries import all_queries
from stack import eventually
from world import scenario

PATHS = ("/", "/green", "/", "/green", "/red", "/simulation", "/", "/crash", "/nothing-there")
SEND = """
import socket
door = socket.socket(socket.AF_UNIX)
door.connect("/run/outrigger/agent.sock")
door.sendall(b"not json\\n")
door.shutdown(socket.SHUT_WR)
while door.recv(4096): pass
"""


def ask(world, wanted):
    """The queries whose id the predicate wants, while traffic flows for as long as it takes."""
    stack = world.stack
    load = Load(stack.ports["APP_PORT"], paths=PATHS, threads=8)
    load.start(30 * 150, per_second=30)
    try:
        queries = [query for query in all_queries(rate_interval=60, interval=15, span=900) if wanted(query["id"])]
        unanswered = all_answered(stack, queries, seconds=140)
    finally:
        load.stop()
        world.sent += load.wait()
    failed = load.refused + load.broken
    assert not failed, f"{len(failed)} not answered: {failed[:3]}"
    assert not unanswered, f"{len(unanswered)} of {len(queries)}:\n" + "\n".join(unanswered)
    print(f"  {len(queries)} queries have data")
    world.same_everywhere()


@scenario("every query of every panel (of service-flask and service-otel below), alert and rule returns data; a new version of the app is an annotation")
def panels_and_alerts(world):
    stack = world.stack
    subprocess.run(["docker", "run", "--rm", "--user", "10002:10001", "-v", f"{stack.project}_runtime:/run/outrigger", "outrigger-test-python",
                    "python3", "-c", SEND], check=True)
    with stack.env(**world.settings, DD_VERSION="1.0.4"):
        stack.compose("up", "-d", "--no-deps", "app")
        stack.wait_healthy("app")
        ask(world, lambda name: not name.startswith(("service-flask/", "service-otel/")))
        eventually("a scrape with both versions", 60,
                   lambda: {"1.0.3", "1.0.4"} <= {labels["version"] for labels, _ in stack.query("app_info")}, pause=2)
    stack.compose("up", "-d", "--no-deps", "app")
    stack.wait_healthy("app")


@scenario("OUTRIGGER_METRIC_NAMES=flask and =otel: every query of the Flask demo, and of their dashboards, returns data")
def other_names(world):
    stack = world.stack
    with stack.env(**world.settings, OUTRIGGER_METRIC_NAMES="otel"):
        stack.compose("up", "-d", "--no-deps", "agent")
        stack.wait_healthy("agent")
        ask(world, lambda name: name.startswith("service-otel/"))
    with stack.env(**world.settings, OUTRIGGER_METRIC_NAMES="flask"):
        stack.compose("up", "-d", "--no-deps", "agent")
        stack.wait_healthy("agent")
        ask(world, lambda name: name.startswith("service-flask/"))
        rate = "flask_http_request_duration_seconds"
        slow = f'histogram_quantile(0.9, sum by (le,path) (rate({rate}_bucket{{path="/simulation"}}[5m])))'
        for query in ("rate(flask_http_request_total[5m])", "pg_stat_activity_count", "node_load1", "request_count",
                      "rate(request_count[5m])", f"rate({rate}_sum[1m]) / rate({rate}_count[1m])",
                      f"histogram_quantile(0.9, sum by (le,path) (rate({rate}_bucket[5m])))", slow, 'app_info{version="1.0.3"} == 1'):
            eventually(f"data for {query}", 60, lambda query=query: [v for _, v in stack.query(query) if v == v], pause=2)
        assert 0.1 < stack.query(slow)[0][1] <= 1.0, stack.query(slow)
    stack.compose("up", "-d", "--no-deps", "agent")
    stack.wait_healthy("agent")
    world.same_everywhere()
