"""The compose stack in a copy of this tree, as a newcomer has it after a clone: what the scenarios do to it and ask it."""
import contextlib
import http.client
import json
import pathlib
import random
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import yaml
from engine import Unavailable


def eventually(what, seconds, condition, pause=0.5):
    """What `condition` returns as soon as it is true; else says what it last returned, or raised."""
    deadline, last = time.monotonic() + seconds, None
    while True:
        try:
            last = condition()
            if last:
                return last
        except (OSError, http.client.HTTPException, ValueError, KeyError, IndexError, RuntimeError, subprocess.SubprocessError) as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what} (last: {str(last)[:500]})")
        time.sleep(pause)


def is_free(port, kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as door:
        if kind == socket.SOCK_STREAM:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # what waits for late packets holds nothing
        try:
            door.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]


def compose_command():
    if subprocess.run(["docker", "compose", "version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise Unavailable("neither `docker compose` nor docker-compose is here; `tools/deps stack` installs it")


def get(port, path, timeout=10, accept=None):
    """(status, body); an HTTP error is an answer too."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Accept": accept} if accept else {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def samples(text):
    """[(name, labels as text, value)] of a scrape."""
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            series, value = line.split(" # ")[0].rsplit(" ", 1)
            name, _, labels = series.partition("{")
            found.append((name, labels.rstrip("}"), float(value)))
    return found


class Stack:
    PORTS = {"APP_PORT": 3001, "AGENT_PORT": 9464, "PROMETHEUS_PORT": 9090, "ALERTMANAGER_PORT": 9093, "GRAFANA_PORT": 3000,
             "NODE_EXPORTER_PORT": 9100, "STATSD_EXPORTER_PORT": 9102, "STATSD_PORT": 9125, "POSTGRES_EXPORTER_PORT": 9187,
             "DB_PORT": 5432, "DD_APM_PORT": 8126, "DD_DOGSTATSD_PORT": 8125}
    COUNTERS = ("http_requests_total", "flask_http_request_total", "http_server_request_duration_seconds_count")
    DATAGRAMS = {"STATSD_PORT", "DD_DOGSTATSD_PORT"}

    def __init__(self, source, folder):
        self.tree = pathlib.Path(folder) / "tree"
        self.compose_folder = self.tree / "compose"
        self.project = "outrigger-test"
        shutil.rmtree(self.tree, ignore_errors=True)
        listed = subprocess.run(["git", "-C", source, "ls-files", "-z", "-co", "--exclude-standard"], check=True,
                                stdout=subprocess.PIPE).stdout.decode().split("\0")
        for name in filter(None, listed):
            if (source / name).exists():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source / name, self.tree / name)
        self.command = compose_command()
        self.ports = dict(self.PORTS)
        self.always = {"COMPOSE_PROJECT_NAME": self.project, "OUTRIGGER_TAG": "test"}

    def public_images(self):
        """Service -> image, of those that are not built from this tree."""
        files = [yaml.safe_load(path.read_text()) for path in sorted(self.compose_folder.glob("docker-compose*.yml"))]
        return {name: service["image"] for file in files for name, service in file["services"].items() if "build" not in service}

    def our_images(self):
        return [f"outrigger-agent:{self.always['OUTRIGGER_TAG']}", f"outrigger-demo-app:{self.always['OUTRIGGER_TAG']}"]

    def use_images(self, names):
        """Other names for the public images, in a compose file on top of the others."""
        services = {service: {"image": names[image]} for service, image in self.public_images().items()}
        (self.compose_folder / "stand-ins.yml").write_text(json.dumps({"services": services}))
        self.always["COMPOSE_FILE"] = "docker-compose.yml:docker-compose-infra.yml:stand-ins.yml"

    def take_programs(self, folder):
        recipe = self.compose_folder / "Dockerfile"
        text = recipe.read_text().replace("RUN make build NO_INSTALL=1 DEBUG= &&", "COPY programs build\nRUN")
        recipe.write_text(text)
        with open(self.tree / ".dockerignore", "a") as ignored:
            ignored.write("!programs\n")
        (self.tree / "programs").mkdir()
        for name in ("outrigger", "demo-app"):
            shutil.copy2(folder / name, self.tree / "programs")

    # -- settings and life

    def write_env(self, **changes):
        """.env from the example, with changes and, where a usual port is taken, a free one."""
        text = (self.compose_folder / ".env.example").read_text()
        changes = {**self.always, **{name: str(port) for name, port in self.ports.items()}, **changes}
        lines = [line for line in text.splitlines() if line.lstrip("#").partition("=")[0] not in changes]
        lines += [f"{name}={value}" for name, value in changes.items()]
        (self.compose_folder / ".env").write_text("\n".join(lines) + "\n")

    def choose_free_ports(self, usual):
        """usual: as a newcomer has them, where they are free. Else what nobody takes while a container is down: neither a program
        whose usual port it is, nor the kernel for an outgoing connection."""
        chosen = {}
        for name, port in self.PORTS.items():
            kind = socket.SOCK_DGRAM if name in self.DATAGRAMS else socket.SOCK_STREAM
            port = port if usual else random.randrange(20_000, 30_000)
            while not is_free(port, kind) or port in chosen.values():
                port = random.randrange(20_000, 30_000)
            chosen[name] = port
        self.ports = chosen

    def make(self, *arguments, seconds=900):
        return subprocess.run(["make", *arguments], cwd=self.tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=seconds)

    def compose(self, *arguments, check=True, seconds=300):
        done = subprocess.run([*self.command, *arguments], cwd=self.compose_folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", timeout=seconds)
        if check and done.returncode:
            raise AssertionError(f"compose {' '.join(arguments)}: {done.stdout[-2000:]}")
        return done.stdout

    def container(self, service):
        return self.containers(service)[0]

    def containers(self, service):
        """By their labels: compose would take a second to say the same."""
        labels = {"project": self.project, "service": service, "oneoff": "False"}
        filters = [part for name, value in labels.items() for part in ("--filter", f"label=com.docker.compose.{name}={value}")]
        return subprocess.run(["docker", "ps", "-a", "-q", *filters], check=True, stdout=subprocess.PIPE, text=True).stdout.split()

    def inspect(self, service):
        return json.loads(subprocess.run(["docker", "inspect", self.container(service)], check=True,
                                         stdout=subprocess.PIPE).stdout)[0]

    def services(self):
        return self.compose("ps", "--services").split()

    def health(self, service):
        state = self.inspect(service)["State"]
        return state.get("Health", {}).get("Status", state["Status"])

    def stays_healthy(self, *services):
        """The next probe of their health finds them well. (Three that fail make one unhealthy, which takes longer.)"""
        def probes(service):
            return {probe["Start"]: probe["ExitCode"] for probe in self.inspect(service)["State"]["Health"]["Log"]}
        known = {service: probes(service) for service in services}
        new = [eventually(f"a probe of {service}", 30, lambda service=service: probes(service).items() - known[service].items())
               for service in services]
        return not any(code for found in new for _, code in found)

    def kill(self, service):
        self.compose("kill", "-s", "KILL", service)

    def start(self, service):
        self.compose("start", service)

    def wait_healthy(self, *services, seconds=90):
        for service in services:
            eventually(f"{service} is healthy", seconds, lambda: self.health(service) in ("healthy",))

    # -- questions

    def get(self, port_name, path, **options):
        return get(self.ports[port_name], path, **options)

    def scrape(self):
        status, text = self.get("AGENT_PORT", "/metrics")
        if status != 200:
            raise ValueError(f"scrape: {status}")
        return samples(text)

    def counted(self):
        return int(sum(value for name, _, value in self.scrape() if name in self.COUNTERS))

    def sql(self, text, user="root", database="postgres", password=None):
        """Rows as text, `|` between columns. The superuser asks from inside its container, others over the network."""
        where = ["-U", user] if password is None else ["-h", "127.0.0.1", "-U", user]
        env = [] if password is None else ["-e", f"PGPASSWORD={password}"]
        done = subprocess.run(["docker", "exec", *env, self.container("postgres"), "psql", "-X", "-At", "-v", "ON_ERROR_STOP=1",
                               *where, "-d", database, "-c", text], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def password(self, name):
        return (self.compose_folder / "secrets" / f"{name}_password").read_text()

    def stored(self):
        return int(self.sql("select count(*) from request_log where service = 'outrigger-demo' and route <> '/midnight'"))

    def balance(self):
        """`difference` and `duplicates`."""
        return tuple(map(int, self.sql((self.tree / "tools/balance.sql").read_text()).split("|")[5:7]))

    def statsd_counted(self):
        _, text = self.get("STATSD_EXPORTER_PORT", "/metrics")
        return int(sum(value for name, _, value in samples(text) if name == "request_count"))

    def relayed(self):
        """What StatsD's exporter sent on to Datadog's agent, of `request_count`."""
        lines = self.compose("exec", "-T", "datadog", "cat", "/tmp/dogstatsd").splitlines()
        return sum(int(line.split(":")[1].split("|")[0]) for line in lines if line.startswith("request_count:"))

    def sink(self, family, name):
        """The sum over the series of a sink's family."""
        return int(sum(value for series, labels, value in self.scrape() if series == f"outrigger_sink_{family}" and f'sink="{name}"' in labels))

    def prometheus(self, path, **parameters):
        status, body = self.get("PROMETHEUS_PORT", f"/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=30)
        if status != 200:
            raise RuntimeError(f"{path}: {parameters}: {body}")
        return json.loads(body)["data"]

    def rows(self, statement):
        """What Grafana's role sees, each row as an object."""
        inner = statement.strip().rstrip(";")
        return json.loads(self.sql(f"select coalesce(json_agg(row), '[]') from ({inner}) as row", user="grafana",
                                   password=self.password("grafana")))

    def query(self, expression):
        """Prometheus's answer to an instant query: [(labels, value)]."""
        result = self.prometheus("query", query=expression)
        if result["resultType"] == "scalar":
            return [({}, float(result["result"][1]))]
        return [(one["metric"], float(one["value"][1])) for one in result["result"]]

    @contextlib.contextmanager
    def env(self, **changes):
        """Another .env, for those services that are started again meanwhile."""
        before = (self.compose_folder / ".env").read_text()
        self.write_env(**changes)
        try:
            yield
        finally:
            (self.compose_folder / ".env").write_text(before)
