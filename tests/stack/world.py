"""What the scenarios share: the running stack, how many requests it was sent so far, and how they are registered."""
import importlib
import json
import pathlib
import subprocess
from dataclasses import dataclass
from typing import Callable

from load import Load
from stack import eventually

_SCENARIOS = []


@dataclass
class Scenario:
    sentence: str
    function: Callable
    essential: bool
    beside: bool


def scenario(sentence, essential=False, beside=False):
    """essential: it always runs, and without it the others make no sense. beside: it runs while the next one does, so it sends the
    app nothing and disturbs nobody."""
    def register(function):
        _SCENARIOS.append(Scenario(sentence, function, essential, beside))
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
        self.roots = set()

    def offer(self, requests, per_second=0, **options):
        """A load, all of which must be answered as promised."""
        load = Load(self.stack.ports["APP_PORT"], **options)
        load.start(requests, per_second)
        self.sent += load.wait()
        load.require_all_answered()
        return load

    def offer_while(self, meanwhile, per_second, **options):
        """The same, for as long as `meanwhile(load)` takes."""
        load = Load(self.stack.ports["APP_PORT"], **options)
        load.start(per_second=per_second)
        try:
            meanwhile(load)
        finally:
            load.stop()
            self.sent += load.wait()
        load.require_all_answered()
        return load

    def same_everywhere(self, seconds=60):
        """The last scrape and request_log say what was sent, and the books balance."""
        eventually(f"the scrape says {self.sent}", seconds, lambda: self.says("scrape", self.stack.counted()))
        eventually(f"request_log says {self.sent}", seconds, lambda: self.says("request_log", self.stack.stored()))
        assert self.stack.balance() == (0, 0), f"difference, duplicates: {self.stack.balance()}"
        books = [value for name, _, value in self.stack.scrape() if name == "outrigger_books_difference"]
        assert books and not any(books), f"books_difference: {books}"

    def mark_receivers(self):
        """Traces are on from now; what StatsD's receivers were not told, because it was before their time, they never will be."""
        eventually("StatsD has nothing to send", 20, lambda: self.stack.sink("pending_events", "statsd") == 0)
        self.untraced = self.sent
        self.untold, self.unrelayed = self.sent - self.stack.statsd_counted(), self.sent - self.stack.relayed()
        self.dropped_before = self.stack.sink("dropped_events_total", "statsd")

    def statsd_says_so(self, seconds=30):
        """StatsD's exporter has had each request, at most once: those that it may not have had are counted as dropped."""
        def told():
            dropped = self.stack.sink("dropped_events_total", "statsd") - self.dropped_before
            return self.says("StatsD", self.untold + self.stack.statsd_counted(), least=self.sent - dropped)
        eventually(f"the StatsD exporter says {self.sent}, less what was dropped", seconds, told)

    def traces_say_so(self, seconds=60):
        """The trace agent has had a root span of each request, some of them twice perhaps."""
        eventually(f"the trace agent says {self.sent}", seconds, lambda: self.says("traces", self.untraced + self._traced()), pause=2)
        self.stack.get("DD_APM_PORT", "/test/session/clear")  # counted: `roots` has them

    def _traced(self):
        traces = json.loads(self.stack.get("DD_APM_PORT", "/test/traces", timeout=60)[1])
        self.roots |= {span["span_id"] for trace in traces for span in trace if not span.get("parent_id")}
        return len(self.roots)

    def says(self, what, figure, least=None):
        """True, or an error for `eventually` to show. least: it need not be all that was sent."""
        if not (self.sent if least is None else least) <= figure <= self.sent:
            raise ValueError(f"{what}: {figure}, sent: {self.sent}" + ("" if least is None else f", at least {least}"))
        return True

    def end(self):
        if (self.stack.compose_folder / ".env").exists():
            self.stack.make("down", "VOLUMES=1")
        left = subprocess.run(["docker", "ps", "-aq", "--filter", "label=outrigger-test"], stdout=subprocess.PIPE,
                              text=True).stdout.split()
        if left:
            subprocess.run(["docker", "rm", "-f", "-v", *left], stdout=subprocess.DEVNULL)
