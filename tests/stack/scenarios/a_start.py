"""The newcomer's way: what may go wrong before anything starts, and `make up`."""
import socket
import subprocess
import time

from stack import eventually
from world import scenario

ALWAYS_THERE = ["agent", "alertmanager", "app", "grafana", "node-exporter", "postgres", "postgres-exporter", "prometheus",
                "statsd-exporter"]


@scenario("the newcomer's way: without .env, and with a taken port, `make up` says what to do; then everything is healthy", essential=True)
def up(world):
    stack = world.stack
    refused = stack.make("up")
    assert refused.returncode and "cp compose/.env.example compose/.env" in refused.stdout, refused.stdout

    stack.choose_free_ports()
    stack.write_env()
    with socket.create_server(("127.0.0.1", stack.ports["APP_PORT"])):
        refused = stack.make("up")
    assert refused.returncode and f"port {stack.ports['APP_PORT']} is taken" in refused.stdout, refused.stdout
    assert "APP_PORT" in refused.stdout and not stack.containers("app")

    began = time.monotonic()
    started = stack.make("up")
    assert started.returncode == 0, started.stdout[-3000:]
    print(f"  make up, images there: everything healthy and ready in {time.monotonic() - began:.1f} s")
    assert f"http://localhost:{stack.ports['APP_PORT']}" in started.stdout
    for service in ALWAYS_THERE:
        assert stack.health(service) == "healthy", f"{service}: {stack.health(service)}"
    assert not stack.containers("datadog")
    assert stack.get("APP_PORT", "/green") == (200, "Green")
    world.sent += 1
    world.same_everywhere()


@scenario("down, and up again with Datadog on: what was stored is still there", essential=True)
def datadog(world):
    stack = world.stack
    world.settings = {"COMPOSE_PROFILES": "datadog", "OUTRIGGER_TRACES": "http://datadog:8126",
                      "STATSD_RELAY": "--statsd.relay.address=datadog:8125", "ALERTMANAGER_CONFIG": "webhook.yml",
                      "DD_API_KEY": "0123456789abcdef0123456789abcdef"}
    assert stack.make("down").returncode == 0
    assert not stack.containers("app")
    stack.write_env(**world.settings)
    started = stack.make("up")
    assert started.returncode == 0, started.stdout[-3000:]
    assert stack.health("datadog") == "healthy"
    world.sent_before = world.sent
    world.same_everywhere()


@scenario("the compose files are valid without Datadog, and need .env")
def config(world):
    stack = world.stack
    env = stack.compose_folder / ".env"
    kept = env.read_text()
    try:
        stack.write_env()
        assert not stack.compose("config", "-q").strip()
        env.unlink()
        said = stack.compose("-f", "docker-compose.yml", "config", "-q", check=False)
        assert ".env" in said, said
    finally:
        env.write_text(kept)


@scenario("Prometheus's and Alertmanager's own tools find nothing wrong with their files")
def own_tools(world):
    for service, command in (("prometheus", "promtool check config /etc/prometheus/prometheus.yml"),
                             ("alertmanager", "amtool check-config /etc/alertmanager/alertmanager.yml /etc/alertmanager/webhook.yml")):
        said = world.stack.compose("exec", "-T", service, *command.split())
        assert "SUCCESS" in said and "FAILED" not in said, said


@scenario("agent and app are small and may do nothing but their work")
def hardened(world):
    for service, user in (("agent", "10001:10001"), ("app", "10002:10001")):
        inspected = world.stack.inspect(service)
        host = inspected["HostConfig"]
        assert inspected["Config"]["User"] == user, inspected["Config"]["User"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and "no-new-privileges:true" in host["SecurityOpt"]
        assert not host["Privileged"] and host["Memory"] and host["PidsLimit"]
        status = subprocess.run(["docker", "exec", inspected["Id"], "grep", "-E", "^Cap(Eff|Bnd)", "/proc/1/status"],
                                stdout=subprocess.PIPE, text=True).stdout
        assert status.split() == ["CapEff:", "0" * 16, "CapBnd:", "0" * 16] or "CapEff:\t0000000000000000" in status, status
        size = int(subprocess.run(["docker", "image", "inspect", "-f", "{{.Size}}", inspected["Image"]], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout)
        base = int(subprocess.run(["docker", "image", "inspect", "-f", "{{.Size}}", "debian:12-slim"], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout)
        print(f"  image of {service}: {size / 1e6:.1f} MB, {(size - base) / 1e6:.1f} MB of them on top of debian:12-slim")
        assert size - base < 40e6


@scenario("the endpoints answer as promised, and /metrics of the app is the agent's")
def endpoints(world):
    stack = world.stack
    for path, status, body in (("/", 200, "Outrigger demo app!"), ("/green", 200, "Green"), ("/red", 500, "Red")):
        assert stack.get("APP_PORT", path) == (status, body), path
        world.sent += 1
    for _ in range(5):
        began = time.monotonic()
        status, body = stack.get("APP_PORT", "/simulation")
        world.sent += 1
        assert 0.1 <= time.monotonic() - began < 5
        assert (status == 200 and "Simulated latency" in body) or status == 500, body
    eventually("app's /metrics", 10, lambda: 'route="/red"' in stack.get("APP_PORT", "/metrics")[1])
    assert 'app_info{service="outrigger-demo",env="demo",version="1.0.3"} 1' in stack.get("APP_PORT", "/metrics")[1]
    world.same_everywhere()
    assert stack.sql("select message from request_log where route = '/red'") == "Error: division by zero"


@scenario("each role may do what it needs and no more")
def roles(world):
    stack = world.stack
    assert int(stack.sql("select count(*) from request_log", user="grafana", password=stack.password("grafana"))) >= 1
    for user, statement, answer in (
            ("grafana", "delete from request_log", "read-only transaction"),
            ("grafana", "begin; set transaction read write; delete from request_log", "permission denied"),
            ("outrigger", "create table mine (a int)", "permission denied"),
            ("outrigger", "delete from request_log", "permission denied"),
            ("exporter", "select * from request_log", "permission denied")):
        try:
            stack.sql(statement, user=user, password=stack.password(user))
        except RuntimeError as error:
            assert answer in str(error), f"{user}: {statement}: {error}"
        else:
            raise AssertionError(f"{user} may: {statement}")
    owners = stack.sql("select distinct tableowner from pg_tables where schemaname = 'public'")
    assert owners == "outrigger_owner", owners
