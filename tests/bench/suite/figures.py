# The figures that Outrigger is to reach, each with the yardstick of the same run, and how much worse than it is a gross regression: the one
# table of thresholds. A ratio is ours ÷ yardstick; `gross` bounds it, from above for costs, from below for rates.
import dataclasses
import typing


@dataclasses.dataclass
class Figure:
    name: str
    bench: str
    about: str
    ours: str
    value: str
    goal: typing.Optional[tuple] = None  # ("<=", 80): of the value itself
    yardstick: typing.Optional[str] = None
    yardstick_value: typing.Optional[str] = None  # where it is not the same
    yardstick_about: typing.Optional[str] = None
    ratio_goal: typing.Optional[tuple] = None
    gross: typing.Optional[tuple] = None  # ("<=", 20): of the ratio
    whole_run: bool = False  # a short run does not measure it


def _record(name, value, goal=None, yardstick="bare ring push", about="1 producer at 20,000/s", **more):
    return Figure(name, "record", about, "record()", value, goal, yardstick, **more)


def _app(agent, ratio_goal, gross):
    return Figure(f"a request of the app, agent {agent}", "app", APP, f"instrumented, agent {agent}", "cpu_us", None, "bare", ratio_goal=ratio_goal, gross=gross)


APP, LAG = "4 connections", "1,000 events a second"
FOUR = "4 producers at 5,000/s each"
FIGURES = [
    _record("`record()`, p50", "p50_ns", ("<=", 80), gross=("<=", 30)),
    _record("`record()`, p50", "p50_ns", yardstick="send(), stream, read each 1 ms", gross=("<=", 0.7)),
    _record("`record()`, p99.9", "p999_ns", ("<=", 1000)),
    _record("`record()` and its sender, CPU an event", "cpu_ns", ("<=", 300), yardstick="send(), stream, read each 1 ms", gross=("<=", 2)),
    _record("`record()`, four producers, p50", "p50_ns", about=FOUR),
    _record("`record()`, four producers, p99.9", "p999_ns", about=FOUR),
    Figure("`record()`, system calls", "record", "beside time", "record() under strace", "system_calls_an_event", ("<=", 0.001)),
    Figure("`record()`, allocations", "record", "beside time", "record()", "allocations_an_event", ("<=", 0)),
    Figure("intake, records, `process`: of one core", "intake", "records", "agent, process", "one_core_per_s", (">=", 4e6)),
    Figure("intake, records, `process`: CPU an event", "intake", "records", "agent, process", "cpu_ns", ("<=", 250), "read, do nothing", gross=("<=", 75)),
    Figure("intake, records, `fsync`: of one core", "intake", "records", "agent, fsync", "one_core_per_s", (">=", 2e6)),
    Figure("intake, records, `fsync`: CPU an event", "intake", "records", "agent, fsync", "cpu_ns", ("<=", 500), "read, do nothing", gross=("<=", 90)),
    Figure("intake, JSON lines, `process`: of one core", "intake", "JSON lines", "agent, process", "one_core_per_s", (">=", 1e6)),
    Figure("intake, JSON lines, `process`: CPU an event", "intake", "JSON lines", "agent, process", "cpu_ns", ("<=", 1000), "read, do nothing", gross=("<=", 80)),
    Figure("journal, `process`, CPU an event", "journal", "batches of 1024 KiB", "journal, process", "cpu_ns", None, "raw pwrite", gross=("<=", 20)),
    Figure("journal, `fsync`, by the clock", "journal", "batches of 1024 KiB", "journal, fsync", "wall_ns", None, "raw pwrite + fdatasync", gross=("<=", 6)),
    Figure("rows, a second", "rows", "request_log", "the rows sink", "wall_per_s", None, "raw binary COPY, one transaction",
           ratio_goal=(">=", 0.9), gross=(">=", 0.2)),
    Figure("rows, a second", "rows", "request_log", "the rows sink", "wall_per_s", None, "one INSERT a row", gross=(">=", 2)),
    Figure("rows, CPU of Postgres a row", "rows", "request_log", "the rows sink", "backend_cpu_ns", None, "raw binary COPY, one transaction", gross=("<=", 2.5)),
    Figure("`/metrics`, 1,000 lines", "scrape", "1,000 lines", "the agent's page", "cpu_ms", None, "prometheus-cpp's serializer", gross=("<=", 0.5)),
    Figure("`/metrics`, 10,000 lines", "scrape", "10,000 lines", "the agent's page", "cpu_ms", None, "prometheus-cpp's serializer", gross=("<=", 0.3)),
    Figure("`/metrics`, 100,000 lines", "scrape", "100,000 lines", "the agent's page", "cpu_ms", ("<=", 40), "prometheus-cpp's serializer", gross=("<=", 0.3)),
    Figure("`/metrics`, 100,000 label sets", "scrape", "100,000 label sets", "the agent's page", "cpu_ms", ("<=", 40), "prometheus-cpp's serializer", whole_run=True),
    Figure("the fold's writer waits for that at most", "scrape", "100,000 label sets", "the agent's page", "writer_stall_ms", ("<=", 5), whole_run=True),
    Figure("an event's ack while 100,000 label sets are scraped, p99", "scrape", "the agent, 100,000 label sets", "scraped without a pause", "ack_p99_ms",
           None, "not scraped", whole_run=True),
    _app("running", ("<=", 1.02), ("<=", 1.6)),
    _app("stopped", ("<=", 1.02), ("<=", 1.6)),
    _app("absent", ("<=", 1.02), ("<=", 1.6)),
    Figure("a request of the app, all in its path", "app", APP, "in the path", "cpu_us", None, "bare"),
    Figure("agent at 10,000 requests a second, all four sinks", "agent", "10,000 requests a second", "all four sinks", "cpu_percent", ("<=", 3),
           "metrics alone", gross=("<=", 8)),
    Figure("agent at 1,000 requests a second, all four sinks", "agent", "1,000 requests a second", "all four sinks", "cpu_percent", None,
           "metrics alone", whole_run=True),
    Figure("agent at 50,000 requests a second, all four sinks", "agent", "50,000 requests a second", "all four sinks", "cpu_percent", None,
           "metrics alone", whole_run=True),
    Figure("resident memory, idle", "backlog", "memory", "idle", "resident_mib", ("<=", 16)),
    Figure("resident memory, 10,000 series and a backlog of 1 GiB", "backlog", "memory", "10,000 series and a backlog", "greatest_mib", ("<=", 64), whole_run=True),
    Figure("the same, while that backlog is stored", "backlog", "memory", "after the backlog was stored", "greatest_mib", ("<=", 64), whole_run=True),
    Figure("start after `kill -9` with that backlog, until ready", "backlog", "start", "after kill -9, with that backlog", "ready_ms", ("<=", 2000), whole_run=True),
    Figure("`record()` to row visible, p99", "lag", LAG, "record() to row", "p99_ms", ("<=", 1500)),
    Figure("`record()` to acknowledgement, p99", "lag", LAG, "record() to acknowledgement", "p99_ms", ("<=", 15), "pwrite + fdatasync of 4 KiB"),
    Figure("CPU an event with 10,000 label sets", "growth", "label sets", "10000 label sets", "cpu_ns", None, "10 label sets",
           ratio_goal=("<=", 2), gross=("<=", 5)),
    Figure("CPU an event with 100,000 label sets", "growth", "label sets", "100000 label sets", "cpu_ns", None, "10 label sets", whole_run=True),
    Figure("CPU an event from 64 emitters", "growth", "emitters", "64 emitters", "cpu_ns", None, "1 emitter", gross=("<=", 5)),
    Figure("CPU an event from 256 emitters of 4 uids (as root)", "growth", "emitters", "256 emitters of 4 uids", "cpu_ns", None, "1 emitter"),
    Figure("CPU an event of 16 KiB", "growth", "event size", "text of 16320 B", "cpu_ns", None, "text of 8 B", whole_run=True),
    Figure("allocations an event, records, to the series", "road", "allocations", "records, to the series", "allocations_an_event", ("<=", 0.01)),
    Figure("allocations an event, JSON lines, to the series", "road", "allocations", "JSON lines, to the series", "allocations_an_event", ("<=", 0.01)),
    Figure("allocations an event, journal to tuples", "road", "allocations", "journal, to tuples", "allocations_an_event", ("<=", 0.01)),
    Figure("allocations an event, journal to traces", "road", "allocations", "journal, to chunks", "allocations_an_event", ("<=", 0.01)),
]


def holds(value, bound):
    return value <= bound[1] if bound[0] == "<=" else value >= bound[1]


def judge(figure, measured):
    """What is known of a figure after a run; the parts that nobody measured are None."""
    ours = (figure.bench, figure.about, figure.ours, figure.value)
    theirs = (figure.bench, figure.yardstick_about or figure.about, figure.yardstick, figure.yardstick_value or figure.value)
    value = measured.median(*ours)
    ratio = measured.ratio(ours, theirs) if figure.yardstick else None
    met = None
    if value is not None and figure.goal:
        met = holds(value, figure.goal)
    if ratio is not None and figure.ratio_goal:
        met = holds(ratio, figure.ratio_goal)
    return {**dataclasses.asdict(figure), "measured": value, "rounds": len(measured.rounds(*ours)), "beside": measured.median(*theirs) if figure.yardstick else None,
            "ratio": ratio, "met": met, "passed": None if not figure.gross else ratio is not None and holds(ratio, figure.gross)}
