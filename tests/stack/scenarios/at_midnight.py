"""A second agent, whose day ends while it runs: in five days, so that what it makes ahead was not there."""
import contextlib
import pathlib
import shutil
import socket
import subprocess
import tempfile
import time
from datetime import datetime, timedelta, timezone

from stack import eventually, free_port, get
from world import scenario

LATE = 30  # seconds before midnight, when its process starts
SETTINGS = ("OUTRIGGER_SOCKET=", "OUTRIGGER_HTTP=", "OUTRIGGER_POSTGRES", "OUTRIGGER_DATA_DIR=")


def docker(*arguments):
    return subprocess.run(["docker", *map(str, arguments)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def started_at(container):
    text = docker("inspect", "-f", "{{.State.StartedAt}}", container).decode().strip()
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp()


@contextlib.contextmanager
def agent_late_in(stack, day):
    """The stack's agent once more, beside it. Gives its container, its port and its socket."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="outrigger-midnight-", dir="/dev/shm"))
    folder.chmod(0o711)
    (folder / "run").mkdir()
    (folder / "run").chmod(0o777)
    faketime = folder / "faketime.so"
    faketime.write_bytes(docker("run", "--rm", "outrigger-test-python", "sh", "-c", "cat /usr/lib/*/faketime/libfaketimeMT.so.1"))
    secret = stack.compose_folder / "secrets/outrigger_password"
    port = free_port()
    agent = stack.inspect("agent")
    variables = [variable for variable in agent["Config"]["Env"] if variable.startswith(SETTINGS)]
    variables += ["LD_PRELOAD=/faketime.so", f"FAKETIME=@{day} 23:59:{60 - LATE}", "FAKETIME_DONT_FAKE_MONOTONIC=1", "TZ=UTC",
                  "OUTRIGGER_SOCKET_MODE=0666"]
    container = docker("run", "-d", "--label", "outrigger-test", "--network", next(iter(agent["NetworkSettings"]["Networks"])),
                       "-p", f"127.0.0.1:{port}:9464", "-v", f"{folder}/run:/run/outrigger", "-v", f"{faketime}:/faketime.so:ro",
                       "-v", f"{secret}:/run/secrets/outrigger_password:ro", *[part for each in variables for part in ("-e", each)],
                       agent["Config"]["Image"]).decode().strip()
    try:
        yield container, port, folder / "run/agent.sock"
    finally:
        docker("rm", "-f", "-v", container)
        shutil.rmtree(folder, ignore_errors=True)


@scenario("an agent whose role may make no tables crosses midnight (UTC) without a hold, and makes the next day's partition then", beside=True)
def midnight(world):
    stack = world.stack
    day = (datetime.now(timezone.utc) + timedelta(days=5)).date()
    next_day, long_ago = day + timedelta(days=1), day - timedelta(days=14)
    ahead = f"select to_regclass('request_log_{day + timedelta(days=4):%Y%m%d}') is not null"  # three days ahead of the next
    assert stack.sql("select has_schema_privilege('outrigger', 'public', 'CREATE'), "
                     "has_database_privilege('outrigger', current_database(), 'CREATE')") == "f|f"
    with agent_late_in(stack, day) as (container, port, path):
        eventually("the second agent is ready", LATE - 10, lambda: get(port, "/-/ready")[0] == 200)
        at_midnight = started_at(container) + LATE
        client = socket.socket(socket.AF_UNIX)
        client.connect(str(path))
        sent, held, made_early = 0, [], False
        while time.time() < at_midnight + 20:
            client.sendall(b'{"route":"/midnight","status":200,"duration_us":1}\n')
            sent += 1
            if get(port, "/-/ready")[0] != 200:
                held.append(time.time() - at_midnight)
            if time.time() < at_midnight - 2:
                made_early = made_early or stack.sql(ahead) == "t"
            time.sleep(0.2)
        # One for a day that nobody made ahead.
        start = int(datetime(long_ago.year, long_ago.month, long_ago.day, 12, tzinfo=timezone.utc).timestamp() * 1e6)
        client.sendall(b'{"route":"/midnight","status":200,"duration_us":1,"start_us":%d}\n' % start)
        client.close()
        eventually("all rows", 30, lambda: stack.sql("select count(*) from request_log where route = '/midnight'") == str(sent + 1))
        rows = stack.sql("select (\"timestamp\" at time zone 'UTC')::date, count(*) from request_log where route = '/midnight' "
                         "group by 1 order by 1")
        counts = {each.split("|")[0]: int(each.split("|")[1]) for each in rows.split()}
        assert counts.keys() == {str(long_ago), str(day), str(next_day)} and counts[str(long_ago)] == 1, counts
        assert counts[str(day)] >= 10 and counts[str(next_day)] >= 10, counts
        assert not held, f"not ready, seconds after midnight: {held}"
        assert not made_early and stack.sql(ahead) == "t", (made_early, stack.sql(ahead))
        log = subprocess.run(["docker", "logs", container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
        assert "please run" not in log, log[-1500:]
        assert stack.balance() == (0, 0)
