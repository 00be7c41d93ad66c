"""A container engine for the test: the one that answers, else a dockerd of our own, with its data in a folder of ours. Where one
runs already, a second would rewrite the host's firewall rules under it."""
import os
import pathlib
import shutil
import signal
import subprocess
import time


class Unavailable(Exception):
    """Why no engine, or no image, can be had here."""


def answers():
    return subprocess.run(["docker", "info"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


class Engine:
    """While it is entered, DOCKER_HOST names it. `own`: nobody else's images are in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        # Sockets' names are short: 107 bytes.
        self.sockets = self.folder if len(str(folder)) < 60 else pathlib.Path("/tmp/outrigger-test-engine")
        self.own = False

    def __enter__(self):
        if not shutil.which("docker"):
            raise Unavailable("docker is not here; `tools/deps stack` installs it")
        if answers():
            return self
        if os.geteuid() != 0 or not shutil.which("dockerd"):
            raise Unavailable("no engine answers, and only root can start one of its own (dockerd)")
        self.own = True
        self.folder.mkdir(parents=True, exist_ok=True)
        self.sockets.mkdir(mode=0o700, exist_ok=True)
        os.environ["DOCKER_HOST"] = f"unix://{self.sockets}/docker.sock"
        if answers():  # a run that was killed left it
            return self
        with open(self.folder / "dockerd.log", "ab") as log:
            process = subprocess.Popen(
                ["unshare", "--mount",  # what it leaves mounted goes with it
                 "dockerd", "--data-root", self.folder / "data", "--exec-root", self.sockets / "exec",
                 "--pidfile", self.folder / "docker.pid", "--host", os.environ["DOCKER_HOST"]],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        for _ in range(300):
            if answers():
                return self
            if process.poll() is not None:
                break
            time.sleep(0.1)
        self.__exit__()
        tail = (self.folder / "dockerd.log").read_text(errors="replace").splitlines()[-3:]
        raise Unavailable("dockerd does not start here: " + " | ".join(tail))

    def __exit__(self, *_):
        if not self.own:
            return
        self._stop()
        if shutil.which("ip"):  # the bridge that dockerd leaves
            subprocess.run(["ip", "link", "delete", "docker0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _stop(self):
        try:
            pid = int((self.folder / "docker.pid").read_text())
            if pathlib.Path(f"/proc/{pid}/comm").read_text().strip() != "dockerd":
                return  # the number is another's by now
            os.kill(pid, signal.SIGTERM)
            for _ in range(600):
                os.kill(pid, 0)
                try:
                    os.waitpid(pid, os.WNOHANG)  # so that it goes, when it is our child
                except ChildProcessError:
                    pass
                time.sleep(0.1)
            os.kill(pid, signal.SIGKILL)
        except (OSError, ValueError):
            pass  # there is none, or no longer
