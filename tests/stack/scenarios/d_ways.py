"""Several replicas, exemplars, a wrong password."""
import json
import socket
import subprocess
import time

from load import Load
from stack import eventually, free_port, get
from world import scenario


def contiguous_ports(count):
    while True:
        first = free_port()
        try:
            doors = [socket.create_server(("127.0.0.1", first + number)) for number in range(count)]
        except (OSError, OverflowError):
            continue
        for door in doors:
            door.close()
        return first


@scenario("three replicas of the app share one agent")
def replicas(world):
    stack = world.stack
    first = contiguous_ports(3)
    with stack.env(**world.settings, APP_PORT=f"{first}-{first + 2}"):
        stack.compose("up", "-d", "--no-deps", "--scale", "app=3", "app")
        ports = [int(subprocess.run(["docker", "port", container, "3001/tcp"], check=True, stdout=subprocess.PIPE, text=True)
                     .stdout.split()[0].rsplit(":", 1)[1]) for container in stack.containers("app")]
        assert len(set(ports)) == 3, ports
        for port in ports:
            eventually(f"the replica at {port} serves", 30, lambda port=port: get(port, "/metrics")[0] in (200, 502))
        since = stack.sql("select now()")
        loads = [Load(port, threads=3) for port in ports]
        for load in loads:
            load.start(1_000)
        for load in loads:
            world.sent += load.wait()
            load.require_all_answered()
        eventually("15 emitters", 20, lambda: [v for n, _, v in stack.scrape() if n == "outrigger_emitters"] == [15])
        world.same_everywhere()
        hosts = stack.sql(f"select count(*) from request_log where \"timestamp\" >= '{since}' and service = 'outrigger-demo' group by host")
        assert hosts.split() == ["1000"] * 3, hosts
    stack.compose("up", "-d", "--no-deps", "--scale", "app=1", "app")
    stack.wait_healthy("app")


@scenario("exemplars in Prometheus name traces that are rows, and that the trace agent has")
def exemplars(world):
    stack = world.stack
    began = time.time()
    world.offer(200, per_second=50, paths=("/", "/red"))

    def found():
        series = stack.prometheus("query_exemplars", query="http_request_duration_seconds_bucket", start=began, end=time.time() + 60)
        return [one["labels"]["trace_id"] for each in series for one in each["exemplars"] if one["timestamp"] >= began]
    trace = eventually("exemplars", 30, found)[-1]
    world.same_everywhere()
    assert stack.sql(f"select count(*) from request_log where trace_id = '{trace}'") == "1", trace

    # Datadog's agent knows a trace by the lower half of its id; the upper is a tag.
    def at_the_agent():
        spans = json.loads(stack.get("DD_APM_PORT", f"/test/traces?trace_ids={int(trace[16:], 16)}")[1])[0]
        return {span["meta"].get("_dd.p.tid") for span in spans} & {trace[:16]}
    eventually(f"the trace agent has {trace}", 30, at_the_agent)


@scenario("a wrong password: `make up` says so, the app serves meanwhile, and nothing is lost")
def wrong_password(world):
    stack = world.stack
    secret = stack.compose_folder / "secrets/outrigger_password"
    right = secret.read_text()
    try:
        secret.write_text("wrong")
        stack.compose("restart", "agent")
        said = stack.make("up")
        assert said.returncode and "password authentication failed" in said.stdout, said.stdout[-1500:]
        assert "compose/secrets/outrigger_password" in said.stdout
        world.offer(100)
    finally:
        secret.write_text(right)
    stack.compose("restart", "agent")
    stack.wait_healthy("agent")
    world.same_everywhere()
