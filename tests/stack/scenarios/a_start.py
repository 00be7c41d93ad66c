"""The newcomer's way: what may go wrong before anything starts, and `make up`."""
import json
import socket
import subprocess
import time

from images import BASE
from load import Load
from stack import eventually
from world import scenario

ALWAYS_THERE = ["agent", "alertmanager", "app", "grafana", "node-exporter", "postgres", "postgres-exporter", "prometheus",
                "statsd-exporter"]


def refused(stack, *reasons):
    """`make up` starts nothing, and gives these reasons."""
    done = stack.make("up")
    assert done.returncode and all(reason in done.stdout for reason in reasons), done.stdout
    assert not any(stack.containers(service) for service in ALWAYS_THERE)


@scenario("the newcomer's way: without .env, with taken ports, without Datadog's key, with an open Grafana `make up` says what to do; "
          "then everything is healthy", essential=True)
def up(world):
    stack = world.stack
    refused(stack, "cp compose/.env.example compose/.env")
    stack.choose_free_ports(usual=True)
    stack.write_env()
    with socket.create_server(("127.0.0.1", stack.ports["APP_PORT"])), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", stack.ports["STATSD_PORT"]))
        refused(stack, f"tcp port {stack.ports['APP_PORT']} is taken", "set APP_PORT", f"udp port {stack.ports['STATSD_PORT']} is taken",
                "set STATSD_PORT")
    with stack.env(COMPOSE_PROFILES="datadog"):
        refused(stack, "DD_API_KEY is empty")
    with stack.env(BIND="0.0.0.0"):
        refused(stack, "BIND=0.0.0.0 opens Grafana", "compose/secrets/grafana_admin_password")

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


@scenario("down in mid-load, and up again with Datadog on: what was answered is there", essential=True)
def datadog(world):
    stack = world.stack
    load = Load(stack.ports["APP_PORT"], paths=("/", "/green"), threads=4)  # no failures: what they lead to comes later
    load.start(per_second=200)
    try:
        load.goes_on(200)
        assert stack.make("down").returncode == 0
    finally:
        load.stop()
        world.sent += load.wait()
    assert not load.wrong and load.refused, (load.wrong[:3], len(load.refused))
    assert not stack.containers("app")
    world.settings = {"COMPOSE_PROFILES": "datadog", "OUTRIGGER_TRACES": "http://datadog:8126",
                      "STATSD_RELAY": "--statsd.relay.address=datadog:8125", "ALERTMANAGER_CONFIG": "webhook.yml",
                      "DD_API_KEY": "0123456789abcdef0123456789abcdef"}
    stack.choose_free_ports(usual=False)
    stack.write_env(**world.settings)
    started = stack.make("up")
    assert started.returncode == 0, started.stdout[-3000:]
    assert stack.health("datadog") == "healthy"
    counted = stack.counted()
    assert world.sent <= counted <= world.sent + len(load.broken), f"answered {world.sent}, broken {len(load.broken)}, counted {counted}"
    world.sent = counted
    world.same_everywhere()
    world.mark_receivers()


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
        assert sorted(status.split()) == sorted(["CapEff:", "0" * 16, "CapBnd:", "0" * 16]), status
        size = int(subprocess.run(["docker", "image", "inspect", "-f", "{{.Size}}", inspected["Image"]], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout)
        base = int(subprocess.run(["docker", "image", "inspect", "-f", "{{.Size}}", BASE], check=True,
                                  stdout=subprocess.PIPE, text=True).stdout)
        print(f"  image of {service}: {size / 1e6:.1f} MB, {(size - base) / 1e6:.1f} MB of them on top of {BASE}")
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
    assert stack.sql("select distinct message from request_log where route = '/red'") == "Error: division by zero"


@scenario("each role may do what it needs and no more")
def roles(world):
    stack = world.stack
    assert int(stack.sql("select count(*) from request_log", user="grafana", password=stack.password("grafana"))) >= 1
    for user, statement, answer in (
            ("grafana", "delete from request_log", "read-only transaction"),
            ("grafana", "begin; set transaction read write; delete from request_log", "permission denied"),
            ("outrigger", "create table mine (a int)", "permission denied"),
            ("outrigger", "delete from request_log", "permission denied"),
            ("outrigger", "update outrigger_ledger set journal = gen_random_uuid()", "permission denied"),
            ("outrigger", "update request_log set status_code = 200", "permission denied"),
            ("datadog", "select * from request_log", "permission denied"),
            ("datadog", "create table mine (a int)", "permission denied"),
            ("datadog", "create temporary table mine (a int)", "permission denied"),
            ("exporter", "select * from request_log", "permission denied")):
        try:
            stack.sql(statement, user=user, password=stack.password(user))
        except RuntimeError as error:
            assert answer in str(error), f"{user}: {statement}: {error}"
        else:
            raise AssertionError(f"{user} may: {statement}")
    assert int(stack.sql("select count(*) from pg_stat_activity where state is not null", user="datadog",
                         password=stack.password("datadog"))) >= 2, "datadog does not see what others do"
    moved = stack.sql('begin; update outrigger_ledger set "position" = "position", accepted = accepted, updated_at = now(); rollback',
                      user="outrigger", password=stack.password("outrigger"))
    assert "UPDATE 1" in moved, moved
    owners = stack.sql("select distinct tableowner from pg_tables where schemaname = 'public'")
    assert owners == "outrigger_owner", owners


@scenario("passwords lie in compose/secrets alone, which is closed to others")
def passwords(world):
    stack = world.stack
    folder = stack.compose_folder / "secrets"
    assert folder.stat().st_mode & 0o777 == 0o700, oct(folder.stat().st_mode)
    words = [path.read_text() for path in folder.iterdir()]
    assert len(set(words)) == 6 and min(map(len, words)) >= 6, len(words)
    places = {name: (stack.compose_folder / name).read_text() for name in (".env", ".env.example")}
    for service in (*ALWAYS_THERE, "datadog"):
        inspected = stack.inspect(service)
        places[service] = json.dumps([inspected["Config"], inspected["Args"]])
        places[f"the log of {service}"] = subprocess.run(["docker", "logs", inspected["Id"]], stdout=subprocess.PIPE,
                                                         stderr=subprocess.STDOUT, text=True, errors="replace").stdout
    places["pg_stat_statements"] = stack.sql("select query from pg_stat_statements")
    found = [place for place, text in places.items() if any(word in text for word in words)]
    assert not found, found
    assert stack.sql("select count(*) from pg_stat_statements where query ~* 'password '''") == "0"
    assert int(stack.sql("select count(*) from pg_stat_statements")) > 20
