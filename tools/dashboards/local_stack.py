# The stack without containers: a private Postgres, the agent, two versions of the demo app, statsd_exporter, node and Postgres exporters
# and Prometheus, each on a free port of the loopback address, with traffic. Used by tests/dashboards and by `make pictures`.
import http.client
import json
import os
import pathlib
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PEERS = ROOT / "build/peers"
RULES = ROOT / "dashboards/rules"
SCRAPE_SECONDS = 1

SCHEMA = """
create extension pg_stat_statements;
create role outrigger login; create role grafana login; create role exporter login in role pg_monitor;
grant create on schema public to outrigger; grant create on database postgres to outrigger;
grant pg_read_all_stats to grafana;
alter default privileges for role outrigger grant select on tables to grafana;
"""


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def eventually(seconds, what, condition):
    """Waits for a true value of `condition`, and gives it; else an error that says `what` did not come."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            value = condition()
        except OSError:
            value = None
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.1)


def get(port, path, timeout=10):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=timeout) as answer:
        return answer.read().decode()


class LocalStack:
    def __init__(self, names=("prometheus",)):
        """names: an agent for each of these --metric-names, each with an app of its own."""
        self.programs = ROOT / os.environ.get("PROGRAM_FOLDER", "build")
        self.names = names
        self.processes = []
        self.stopping = threading.Event()
        self.postgres = None
        self.sent = 0
        self.failed = 0

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="outrigger-stack-"))
        self.folder.chmod(0o711)  # another user runs Postgres
        self.sockets = pathlib.Path(tempfile.mkdtemp(prefix="outrigger-stack-", dir="/dev/shm"))
        self.sockets.chmod(0o711)
        try:
            self.start_postgres()
            self.start_exporters()
            self.app_ports = []
            for name in self.names:
                self.start_agent(name)
                self.start_app("1.0.3", name)
            self.start_prometheus()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.resume_postgres()
        for process, how in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(how)
        for process, _ in reversed(self.processes):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.sockets, ignore_errors=True)

    def start(self, name, arguments, how=signal.SIGTERM, environment=None, **options):
        log = open(self.folder / f"{name}.log", "w")
        known = {k: v for k, v in os.environ.items() if not k.startswith(("OUTRIGGER_", "PG", "DD_"))}
        process = subprocess.Popen([str(a) for a in arguments], stdout=log, stderr=log, env=known | (environment or {}), **options)
        self.processes.append((process, how))
        return process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text()[-2000:]

    def ready(self, name, port, path):
        try:
            eventually(30, name, lambda: get(port, path) is not None)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.log(name)}") from None

    def start_postgres(self):
        server = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[4])).parent
        data = self.folder / "postgres"
        data.mkdir()
        self.database = self.sockets / "postgres"
        self.database.mkdir()
        owner = {}
        if os.geteuid() == 0:  # whom Postgres refuses
            user = pwd.getpwnam("postgres")
            owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            for folder in (data, self.database):
                os.chown(folder, user.pw_uid, user.pw_gid)
        subprocess.run([server / "initdb", "-D", data, "-U", "postgres", "--auth", "trust", "--no-sync"],
                       check=True, stdout=subprocess.DEVNULL, cwd="/", **owner)
        self.postgres = self.start("postgres", [server / "postgres", "-D", data, "-k", self.database, "-c", "listen_addresses=", "-c", "fsync=off",
                                                "-c", "shared_preload_libraries=pg_stat_statements"], signal.SIGINT, cwd="/", **owner)
        eventually(30, "Postgres", lambda: self.psql("select 1", check=False).returncode == 0)
        self.psql(SCHEMA)

    def pause_postgres(self):
        """It takes connections, and answers none: as a server that hangs."""
        self.psql("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'outrigger'")
        self.postgres.send_signal(signal.SIGSTOP)

    def resume_postgres(self):
        if self.postgres and self.postgres.poll() is None:
            self.postgres.send_signal(signal.SIGCONT)

    def psql(self, statement, user="postgres", check=True, options=()):
        done = subprocess.run(["psql", "-h", str(self.database), "-U", user, "-d", "postgres", "-XqAt", "-v", "ON_ERROR_STOP=1",
                               *options, "-f", "-"], input=statement, capture_output=True, text=True)
        if check and done.returncode != 0:
            raise RuntimeError(f"{done.stderr.strip()}\n{statement}")
        return done

    def rows(self, statement):
        """What the role `grafana` sees, each row as an object."""
        inner = statement.strip().rstrip(";")
        out = self.psql(f"select coalesce(json_agg(row), '[]') from ({inner}) as row", user="grafana").stdout
        return json.loads(out)

    def start_exporters(self):
        self.ports = {name: free_port() for name in ("node", "postgres", "statsd", "prometheus")}
        self.datagrams = free_port(socket.SOCK_DGRAM)
        self.start("node", [PEERS / "usr/bin/prometheus-node-exporter", f"--web.listen-address=127.0.0.1:{self.ports['node']}",
                            "--collector.filesystem.mount-points-exclude=^/.+", "--collector.netdev.device-exclude=^(veth|docker|br-|ifb)"])
        self.start("postgres-exporter", [PEERS / "usr/bin/prometheus-postgres-exporter",
                                         f"--web.listen-address=127.0.0.1:{self.ports['postgres']}"],
                   environment={"DATA_SOURCE_NAME": f"host={self.database} user=exporter dbname=postgres"})
        self.start("statsd", [PEERS / "bin/statsd_exporter", f"--web.listen-address=127.0.0.1:{self.ports['statsd']}",
                              f"--statsd.listen-udp=127.0.0.1:{self.datagrams}", "--statsd.listen-tcp="])
        for name, log in (("node", "node"), ("postgres", "postgres-exporter"), ("statsd", "statsd")):
            self.ready(log, self.ports[name], "/metrics")

    def socket_of(self, name):
        return self.sockets / f"{name}.sock"

    def start_agent(self, name):
        port = self.ports[self.job_of(name)] = free_port()
        self.start(f"agent-{name}", [self.programs / "outrigger", "--socket", self.socket_of(name), "--data-dir", self.folder / f"agent-{name}",
                                     "--http", f"127.0.0.1:{port}", "--metric-names", name,
                                     "--postgres", f"host={self.database} user=outrigger dbname=postgres",
                                     "--statsd", f"udp://127.0.0.1:{self.datagrams}"])
        self.ready(f"agent-{name}", port, "/-/healthy")

    @staticmethod
    def job_of(name):
        return "outrigger" if name == "prometheus" else f"outrigger-{name}"

    def start_app(self, version, name="prometheus", workers=3):
        """Beside the agent with these --metric-names; traffic goes to it from now on."""
        port = free_port()
        self.start(f"app-{name}-{version}", [self.programs / "demo-app", "--listen", f"127.0.0.1:{port}", "--workers", workers,
                                             "--socket", self.socket_of(name), "--agent", f"http://127.0.0.1:{self.ports[self.job_of(name)]}"],
                   environment={"DD_SERVICE": "demo" if name == "prometheus" else f"demo-{name}", "DD_ENV": "demo", "DD_VERSION": version})
        self.ready(f"app-{name}-{version}", port, "/metrics")
        self.app_ports.append(port)
        return port

    def start_prometheus(self):
        config = {
            "global": {"scrape_interval": f"{SCRAPE_SECONDS}s", "evaluation_interval": "2s"},
            "rule_files": [str(RULES / "*.yml")],
            "scrape_configs": [{"job_name": name, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]} for name, port in self.ports.items()],
        }
        path = self.folder / "prometheus.json"  # JSON is YAML
        path.write_text(json.dumps(config))
        self.start("prometheus", [PEERS / "usr/bin/prometheus", "--config.file", path, "--storage.tsdb.path", self.folder / "tsdb",
                                  "--enable-feature", "exemplar-storage",
                                  "--web.listen-address", f"127.0.0.1:{self.ports['prometheus']}"])
        self.ready("prometheus", self.ports["prometheus"], "/-/ready")

    def prometheus(self, path, **parameters):
        return json.loads(get(self.ports["prometheus"], f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}", 30))["data"]

    def send_line(self, line, name="prometheus"):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(self.socket_of(name)))
            client.sendall(line.encode() + b"\n")
            client.shutdown(socket.SHUT_WR)
            while client.recv(4096):
                pass

    def offer(self, weights, threads=4, pause=0.02, ports=None):
        """Traffic from a few threads until the stack stops or the event that this gives is set: paths by weight, to all apps or to `ports`."""
        enough = threading.Event()

        def client(seed):
            dice = random.Random(seed)
            while not self.stopping.wait(pause * dice.random() * 2) and not enough.is_set():
                path = dice.choices(list(weights), list(weights.values()))[0]
                try:
                    connection = http.client.HTTPConnection("127.0.0.1", dice.choice(ports or self.app_ports), timeout=10)
                    connection.request("GET", path)
                    connection.getresponse().read()
                    connection.close()
                    self.sent += 1
                except OSError:
                    self.failed += 1
        for seed in range(threads):
            threading.Thread(target=client, args=(seed,), daemon=True).start()
        return enough
