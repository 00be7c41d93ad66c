"""The images that the compose files name, stood in for: the same programs from Debian's packages or their language's registry, on
the base of our own images. In an engine of our own they get the public names; in somebody else's, names of the test's own, so
that nothing there is taken for the real thing. `standins/Dockerfile` has a target for each."""
import pathlib
import re
import shutil
import subprocess

from engine import Unavailable

HERE = pathlib.Path(__file__).parent
PEERS = pathlib.Path("build/peers")
BASE = re.search(r"^ARG BASE=(\S+)", (HERE.parents[1] / "compose/Dockerfile").read_text(), re.M).group(1)
TARGETS = {"agent": "datadog"}  # datadog/agent
PARTS = {"bin/statsd_exporter": "Go", "ddapm": "pip3"}  # of build/peers, and what fetches it
PYTHON = "outrigger-test-python"


def run(*command, **options):
    """Its output; a failure tells what it said last."""
    if not shutil.which(str(command[0])):
        raise Unavailable(f"{command[0]} is not here")
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    if done.returncode:
        raise Unavailable(f"{' '.join(map(str, command))}: {done.stdout[-3000:]}")
    return done.stdout


def succeeds(*command):
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def require_parts():
    missing = [f"build/peers/{part} (it takes {tool})" for part, tool in PARTS.items() if not (PEERS / part).exists()]
    if missing:
        raise Unavailable(f"missing: {', '.join(missing)}; `tools/deps stack` fetches it")


class Images:
    def __init__(self, folder, own_engine):
        self.folder = pathlib.Path(folder)
        self.own_engine = own_engine
        self.made = []

    def make(self, wanted):
        """wanted: the public names. Gives the names under which they are there now."""
        names = {image: image if self.own_engine else f"outrigger-test/{self._target(image)}" for image in wanted}
        context = self.folder / "standins"
        shutil.copytree(HERE / "standins", context, dirs_exist_ok=True)
        shutil.copy("tools/dashboards/grafana.py", context / "reader.py")
        shutil.copy(PEERS / "bin/statsd_exporter", context)
        shutil.copytree(PEERS / "ddapm", context / "ddapm", dirs_exist_ok=True)
        self._build("packages", PYTHON, context)
        for image, name in names.items():
            self._build(self._target(image), name, context)
        return names

    def make_base(self):
        if succeeds("docker", "image", "inspect", BASE) or not self.own_engine and succeeds("docker", "pull", "-q", BASE):
            return
        root = self.folder / "base"
        shutil.rmtree(root, ignore_errors=True)
        run("debootstrap", "--variant=minbase", "bookworm", root)
        for what in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
            run("find", root / what, "-mindepth", "1", "-delete")
        run("bash", "-c", 'set -o pipefail; tar -C "$0" -c . | docker import -c \'CMD ["bash"]\' - "$1"', root, BASE)
        shutil.rmtree(root)
        self.made.append(BASE)

    def forget(self, *ours):
        """In somebody else's engine nothing of this stays."""
        for image in [*self.made, *ours]:
            subprocess.run(["docker", "image", "rm", "-f", image], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    @staticmethod
    def _target(image):
        name = image.split("/")[-1].split(":")[0]
        return TARGETS.get(name, name)

    def _build(self, target, name, context):
        run("docker", "build", "--network", "host", "--build-arg", f"BASE={BASE}", "--target", target, "-t", name, context)
        self.made.append(name)
