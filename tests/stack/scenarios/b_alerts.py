"""An alert on its way to a receiver, and what Prometheus and Grafana have read."""
import json
import subprocess
import time
from datetime import datetime

from grafana import Provisioning
from load import Load
from stack import eventually
from world import scenario

ALERT = "ErrorBudgetBurnsFast"
RECEIVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("", 8080), Handler).serve_forever()
"""


def started(alert):
    return datetime.fromisoformat(alert["startsAt"]).timestamp()


@scenario("a loop of /red, and nothing before it, fires the error alert of the service, through Alertmanager, at a web hook")
def error_alert(world):
    stack = world.stack
    network = next(iter(stack.inspect("agent")["NetworkSettings"]["Networks"]))
    receiver = subprocess.run(["docker", "run", "-d", "--label", "outrigger-test", "--network", network, "--network-alias", "webhook",
                               "--entrypoint", "python3", "outrigger-test-python", "-c", RECEIVER], check=True,
                              stdout=subprocess.PIPE, text=True).stdout.strip()

    def told():
        lines = subprocess.run(["docker", "logs", receiver], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
        return [alert for line in filter(None, lines.splitlines()) for alert in json.loads(line)["alerts"]
                if alert["labels"]["alertname"] == ALERT and alert["labels"]["service"] == "outrigger-demo"
                and alert["status"] == "firing" and started(alert) > began]
    world.offer(300, paths=("/green",))  # against which the few failures so far count little
    eventually("Prometheus answers", 20, lambda: stack.query("up"))
    before = stack.query(f'ALERTS{{alertname="{ALERT}"}}')
    assert not before, f"it fires already, or is about to: {before}"
    load = Load(stack.ports["APP_PORT"], paths=("/red",), threads=4)
    began, clock = time.time(), time.monotonic()
    load.start(per_second=50)
    try:
        alert = eventually("the web hook is told", 235, told, pause=2)[0]
        print(f"  {ALERT}: told after {time.monotonic() - clock:.0f} s of /red")
    finally:
        load.stop()
        world.sent += load.wait()
        subprocess.run(["docker", "rm", "-f", "-v", receiver], stdout=subprocess.DEVNULL)
    load.require_all_answered()
    assert alert["labels"]["severity"] == "page" and "outrigger-demo" in alert["annotations"]["summary"], alert
    world.same_everywhere()


@scenario("Prometheus scrapes everybody and knows Alertmanager, and Grafana has all that it is provisioned with")
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

    def answered(path, *keys):
        return sorted(tuple(each.get(key) for key in keys) for each in json.loads(stack.get("GRAFANA_PORT", path)[1]))
    wanted = Provisioning()
    assert answered("/api/datasources", "uid", "name", "type", "url") == sorted(
        tuple(source[key] for key in ("uid", "name", "type", "url")) for source in wanted.sources.values())
    assert answered("/api/search", "uid", "title") == sorted((uid, board["title"]) for uid, board in wanted.dashboards.items())
    assert answered("/api/v1/provisioning/alert-rules", "uid", "title") == sorted((rule["uid"], rule["title"]) for rule in wanted.rules)
