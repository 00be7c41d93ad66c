"""What the dashboards and alerts ask, and an alert on its way to a receiver."""
import json
import subprocess
import time

from load import Load
from stack import eventually
from world import scenario

RECEIVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("", 8080), Handler).serve_forever()
"""


@scenario("Prometheus scrapes everybody and knows Alertmanager, and Grafana's provisioning is read")
def targets(world):
    stack = world.stack
    jobs = {"outrigger", "node", "postgres", "statsd", "prometheus", "alertmanager"}
    eventually("all targets up", 40, lambda: {labels["job"] for labels, value in stack.query("up") if value == 1} == jobs)
    rules = stack.prometheus("rules")["groups"]
    assert rules, "no rules"
    wrong = [rule for group in rules for rule in group["rules"] if rule.get("lastError")]
    assert not wrong, wrong
    alertmanagers = stack.prometheus("alertmanagers")["activeAlertmanagers"]
    assert alertmanagers
    sources = json.loads(stack.get("GRAFANA_PORT", "/api/datasources")[1])
    assert {source["type"] for source in sources} >= {"prometheus", "grafana-postgresql-datasource"}, sources
    boards = json.loads(stack.get("GRAFANA_PORT", "/api/search")[1])
    assert len(boards) >= 4, boards


@scenario("a loop of /red fires the error alert, through Alertmanager, at a web hook")
def error_alert(world):
    stack = world.stack
    network = next(iter(stack.inspect("agent")["NetworkSettings"]["Networks"]))
    receiver = subprocess.run(["docker", "run", "-d", "--label", "outrigger-test", "--network", network, "--network-alias", "webhook",
                               "--entrypoint", "python3", "outrigger-test-python", "-c", RECEIVER], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()

    def told():
        lines = subprocess.run(["docker", "logs", receiver], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        return [alert["labels"]["alertname"] for line in filter(None, lines.splitlines()) for alert in json.loads(line)["alerts"]
                if alert["status"] == "firing" and "error" in alert["labels"]["alertname"].lower()]
    load = Load(stack.ports["APP_PORT"], paths=("/red",), threads=4)
    began = time.monotonic()
    load.start(50 * 240, per_second=50)
    try:
        alerts = eventually("the web hook is told", 235, told, pause=2)
        print(f"  {alerts[0]}: told after {time.monotonic() - began:.0f} s of /red")
    finally:
        load.stop()
        world.sent += load.wait()
        subprocess.run(["docker", "rm", "-f", "-v", receiver], stdout=subprocess.DEVNULL)
    assert not load.wrong, load.wrong[:3]
    world.same_everywhere()
