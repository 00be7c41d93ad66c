"""The images that the compose files name. What the engine has is used as it is, what it can pull is pulled (not by an
engine of our own), and the rest is stood in for: the same programs from Debian's packages or their language's registry,
on a base that debootstrap makes. `standins/Dockerfile` has a target for each."""
import pathlib
import shutil
import subprocess

from engine import Unavailable

BASE = "debian:12-slim"
HERE = pathlib.Path(__file__).parent
ALIASES = {"agent": "datadog", "outrigger-test-python": "packages"}  # datadog/agent


def run(*command, **options):
    """Its output; a failure tells what it said last."""
    if not shutil.which(str(command[0])):
        raise Unavailable(f"{command[0]} is not here")
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", **options)
    if done.returncode:
        raise Unavailable(f"{' '.join(map(str, command))}: {done.stdout[-3000:]}")
    return done.stdout


def there(image):
    return subprocess.run(["docker", "image", "inspect", image], stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL).returncode == 0


class Images:
    def __init__(self, folder, may_pull):
        self.folder = pathlib.Path(folder)
        self.may_pull = may_pull
        self.made = []

    def make(self, wanted):
        for image in [*wanted, "outrigger-test-python"]:
            if not self._have(image):
                self._stand_in(image)
                self.made.append(image)

    def make_base(self):
        if self._have(BASE):
            return
        root = self.folder / "base"
        shutil.rmtree(root, ignore_errors=True)
        run("debootstrap", "--variant=minbase", "bookworm", root)
        for what in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt", "var/lib/apt/lists"):
            run("find", root / what, "-mindepth", "1", "-delete")
        run("bash", "-c", 'set -o pipefail; tar -C "$0" -c . | docker import -c \'CMD ["bash"]\' - "$1"', root, BASE)
        shutil.rmtree(root)
        self.made.append(BASE)

    def forget(self):
        """In somebody else's engine nothing may stay under a public name."""
        for image in self.made:
            subprocess.run(["docker", "image", "rm", "-f", image], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _have(self, image):
        stood_in = not self.may_pull and image != BASE
        if there(image) and not stood_in:
            return True
        return self.may_pull and subprocess.run(["docker", "pull", "-q", image], stdout=subprocess.DEVNULL,
                                                stderr=subprocess.DEVNULL).returncode == 0

    def _stand_in(self, image):
        name = image.split("/")[-1].split(":")[0]
        context = self.folder / "standins"
        shutil.copytree(HERE / "standins", context, dirs_exist_ok=True)
        shutil.copy("tools/dashboards/grafana.py", context / "reader.py")
        self._fetch_statsd_exporter(context)
        self._fetch_ddapm(context)
        run("docker", "build", "--network", "host", "--target", ALIASES.get(name, name), "-t", image, context)

    def _fetch_statsd_exporter(self, context):
        ready = pathlib.Path("build/peers/bin/statsd_exporter")
        if ready.exists():
            shutil.copy(ready, context / "statsd_exporter")
        elif not (context / "statsd_exporter").exists():
            run("env", f"GOBIN={context}", "CGO_ENABLED=0", "GOFLAGS=-modcacherw", "go", "install",
                "github.com/prometheus/statsd_exporter@v0.30.0")

    def _fetch_ddapm(self, context):
        target = context / "ddapm"
        if not target.exists():
            run("python3", "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile", "--python-version", "3.11",
                "--only-binary=:all:", "--target", target, "ddapm-test-agent==1.69.1")
