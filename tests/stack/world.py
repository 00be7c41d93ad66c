"""What the scenarios share: the running stack, how many requests it was sent so far, and how they are registered."""
import importlib
import pathlib
import subprocess

from load import Load
from stack import eventually

_SCENARIOS = []


def scenario(sentence, essential=False):
    """Essential: it always runs, and without it the others make no sense."""
    def register(function):
        _SCENARIOS.append((sentence, function, essential))
        return function
    return register


def scenarios():
    """In the order of the files' names, and within them as they stand."""
    for path in sorted((pathlib.Path(__file__).parent / "scenarios").glob("*.py")):
        importlib.import_module(f"scenarios.{path.stem}")
    return _SCENARIOS


class World:
    def __init__(self, stack):
        self.stack = stack
        self.sent = 0

    def offer(self, requests, meanwhile=None, per_second=0, **options):
        """A load, all of which must be answered as promised; `meanwhile` runs when it is on its way."""
        load = Load(self.stack.ports["APP_PORT"], **options)
        load.start(requests, per_second)
        try:
            if meanwhile:
                meanwhile()
        finally:
            self.sent += load.wait()
        assert not load.wrong, f"{len(load.wrong)} of {requests} not answered as promised: {load.wrong[:3]}"
        return load

    def same_everywhere(self, seconds=60):
        """The last scrape and request_log say what was sent, and the books balance."""
        eventually(f"the scrape says {self.sent}", seconds, lambda: self.says("scrape", self.stack.counted()))
        eventually(f"request_log says {self.sent}", seconds, lambda: self.says("request_log", self.stack.stored()))
        assert self.stack.balance() == (0, 0), f"difference, duplicates: {self.stack.balance()}"
        books = [value for name, _, value in self.stack.scrape() if name == "outrigger_books_difference"]
        assert books and not any(books), f"books_difference: {books}"

    def says(self, what, figure):
        """True, or an error for `eventually` to show."""
        if figure != self.sent:
            raise ValueError(f"{what}: {figure}, sent: {self.sent}")
        return True

    def end(self):
        if (self.stack.compose_folder / ".env").exists():
            self.stack.make("down", "VOLUMES=1")
        left = subprocess.run(["docker", "ps", "-aq", "--filter", "label=outrigger-test"], stdout=subprocess.PIPE,
                              text=True).stdout.split()
        if left:
            subprocess.run(["docker", "rm", "-f", "-v", *left], stdout=subprocess.DEVNULL)
