"""Several replicas, other settings, another day."""
import pathlib
import shutil
import socket
import subprocess
import tempfile
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
        loads = [Load(port, threads=3) for port in ports]
        for load in loads:
            load.start(1_000)
        for load in loads:
            world.sent += load.wait()
            assert not load.wrong, load.wrong[:3]
        eventually("15 emitters", 20, lambda: [v for n, _, v in stack.scrape() if n == "outrigger_emitters"] == [15])
        world.same_everywhere()
        hosts = int(stack.sql("select count(distinct host) from request_log where \"timestamp\" > now() - interval '2 minutes'"))
        assert hosts >= 3, hosts
    stack.compose("up", "-d", "--no-deps", "--scale", "app=1", "app")
    stack.wait_healthy("app")


@scenario("exemplars in Prometheus name traces that are rows")
def exemplars(world):
    stack = world.stack
    world.offer(200, per_second=50, paths=("/", "/red"))
    now = int(time.time())

    def found():
        series = stack.prometheus("query_exemplars", query="http_request_duration_seconds_bucket", start=now - 600, end=now + 600)
        return [one["labels"]["trace_id"] for each in series for one in each["exemplars"]]
    traces = eventually("exemplars", 30, found)
    world.same_everywhere()
    assert stack.sql(f"select count(*) from request_log where trace_id = '{traces[-1]}'") != "0", traces[-1]


@scenario("an agent whose role may make no tables crosses midnight (UTC) without a hold")
def midnight(world):
    stack = world.stack
    folder = pathlib.Path(tempfile.mkdtemp(prefix="outrigger-midnight-", dir="/dev/shm"))
    folder.chmod(0o777)
    image = "outrigger-test-midnight"
    subprocess.run(["docker", "build", "-q", "--network", "host", "-t", image, "-"], check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.PIPE, text=True, input="FROM outrigger-agent:local\nUSER root\nRUN apt-get update && apt-get install -y --no-install-recommends libfaketime\n"
                         "USER 10001:10001\n")
    port = free_port()
    agent = stack.inspect("agent")
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 5 * 86400))
    secret = stack.compose_folder / "secrets/outrigger_password"
    command = ["docker", "run", "-d", "--label", "outrigger-test", "--network", next(iter(agent["NetworkSettings"]["Networks"])),
               "-p", f"127.0.0.1:{port}:9464", "-v", f"{folder}:/run/outrigger", "-v", f"{secret}:/run/secrets/outrigger_password:ro",
               "-e", "LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "-e", f"FAKETIME=@{day} 23:59:50",
               "-e", "FAKETIME_DONT_FAKE_MONOTONIC=1", "-e", "TZ=UTC", "-e", "OUTRIGGER_SOCKET_MODE=0666"]
    for variable in agent["Config"]["Env"]:
        if variable.startswith(("OUTRIGGER_SOCKET=", "OUTRIGGER_HTTP=", "OUTRIGGER_POSTGRES", "OUTRIGGER_DATA_DIR=")):
            command += ["-e", variable]
    container = subprocess.run([*command, image], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    try:
        eventually("the second agent is ready", 30, lambda: get(port, "/-/ready")[0] == 200)
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(folder / "agent.sock"))
        held = []
        for number in range(100):  # 20 s: the day ends in their midst
            client.sendall(b'{"route":"/midnight","status":200,"duration_us":1}\n')
            if get(port, "/-/ready")[0] != 200:
                held.append(number)
            time.sleep(0.2)
        long_ago = int((time.time() - 9 * 86400) * 1e6)  # for a day that nobody made ahead
        client.sendall(b'{"route":"/midnight","status":200,"duration_us":1,"start_us":%d}\n' % long_ago)
        client.close()
        eventually("all rows", 30, lambda: stack.sql("select count(*) from request_log where route = '/midnight'") == "101")
        days = stack.sql("select (\"timestamp\" at time zone 'UTC')::date, count(*) > 10 from request_log where route = '/midnight' "
                         "group by 1 order by 1").split()
        after = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 6 * 86400))
        assert [one.split("|")[0] for one in days[1:]] == [day, after] and len(days) == 3, days
        assert not held, f"not ready at {held}"
        assert "please run" not in subprocess.run(["docker", "logs", container], stderr=subprocess.STDOUT, stdout=subprocess.PIPE,
                                                  text=True).stdout
        assert stack.balance() == (0, 0)
    finally:
        subprocess.run(["docker", "rm", "-f", "-v", container], stdout=subprocess.DEVNULL)
        shutil.rmtree(folder, ignore_errors=True)


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
