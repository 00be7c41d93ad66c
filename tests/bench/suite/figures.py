# The figures that Outrigger is to reach, each with the yardstick of the same run, and how much worse than it is a gross regression: the one
# table of thresholds. A ratio is ours ÷ yardstick; `gross` bounds it, from above for costs, from below for rates. A promise that needs no
# yardstick, because no noise is in it, is bounded itself.
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
    gross: typing.Optional[tuple] = None  # ("<=", 20): of the ratio; without a yardstick of the value
    whole_run: bool = False  # a short run does not measure it
    greatest: bool = False  # the greatest of the rounds counts, not their median: what is never to happen
    headline: bool = False  # stands in the short table, too: one line or two for each of the goals
    optional: bool = False  # needs a tool that a machine may lack (strace, valgrind); then it is "not measured", and no failure


def _record(name, value, goal=None, yardstick="bare ring push", about="1 producer at 20,000/s", **more):
    return Figure(name, "record", about, "record()", value, goal, yardstick, **more)


def _app(name, agent, value="cpu_us", ratio_goal=("<=", 1.02), gross=("<=", 1.6)):
    return Figure(f"a request of the app, {name}", "app", APP, f"instrumented, agent {agent}", value, None, "bare", yardstick_value="cpu_us",
                  ratio_goal=ratio_goal, gross=gross, headline=True)


def _agent(rate, what, goal=None, yardstick="metrics alone", gross=None, value="cpu_percent", name="", whole_run=True, **more):
    return Figure(f"agent at {rate} requests a second, {name or what}", "agent", f"{rate} requests a second", what, value, goal, yardstick, gross=gross,
                  whole_run=whole_run, **more)


def _road(name, what):
    return Figure(f"allocations an event, {name}", "road", "allocations", what, "allocations_an_event", ("<=", 0.01), gross=("<=", 0.1))


def _sharing(name, what, **more):
    return Figure(f"agent at 10,000 events a second from {name}", "growth", "10,000 events a second together", what, "cpu_percent", None, "1 emitter", **more)


APP, LAG, SETS = "4 connections", "1,000 events a second", "the agent, 100,000 label sets"
FOUR = "4 producers at 5,000/s each"
FIGURES = [
    _record("`record()`, p50", "p50_ns", ("<=", 80), gross=("<=", 30), headline=True),
    _record("`record()`, p50", "p50_ns", yardstick="send(), stream, read each 1 ms", gross=("<=", 0.7)),
    _record("`record()`, p99.9", "p999_ns", ("<=", 1000), headline=True),
    _record("`record()` and its sender, CPU an event", "cpu_ns", ("<=", 300), yardstick="send(), stream, read each 1 ms", gross=("<=", 2), headline=True),
    _record("`record()`, four producers, p50", "p50_ns", about=FOUR),
    _record("`record()`, four producers, p99.9", "p999_ns", about=FOUR),
    Figure("`record()`, system calls", "record", "beside time", "record() under strace", "system_calls_an_event", ("<=", 0.001), gross=("<=", 0.001),
           optional=True, headline=True),
    Figure("`record()`, instructions", "record", "beside time", "record() under valgrind", "instructions_an_event", gross=("<=", 2500), optional=True),
    Figure("`record()`, allocations", "record", "beside time", "record()", "allocations_an_event", ("<=", 0), gross=("<=", 0)),
    Figure("intake, records, `process`: 1 s ÷ CPU an event", "intake", "records", "agent, process", "one_core_per_s", (">=", 4e6), headline=True),
    Figure("intake, records, `process`: by the clock, all threads", "intake", "records", "agent, process", "wall_per_s", None, "read, do nothing"),
    Figure("intake, records, `process`: CPU an event", "intake", "records", "agent, process", "cpu_ns", ("<=", 250), "read, do nothing", gross=("<=", 75)),
    Figure("intake, records, `fsync`: 1 s ÷ CPU an event", "intake", "records", "agent, fsync", "one_core_per_s", (">=", 2e6), headline=True),
    Figure("intake, records, `fsync`: by the clock, all threads", "intake", "records", "agent, fsync", "wall_per_s", None, "read, do nothing"),
    Figure("intake, records, `fsync`: CPU an event", "intake", "records", "agent, fsync", "cpu_ns", ("<=", 500), "read, do nothing", gross=("<=", 90)),
    Figure("intake, JSON lines, `process`: 1 s ÷ CPU an event", "intake", "JSON lines", "agent, process", "one_core_per_s", (">=", 1e6), headline=True),
    Figure("intake, JSON lines, `process`: by the clock, all threads", "intake", "JSON lines", "agent, process", "wall_per_s", None, "read, do nothing"),
    Figure("intake, JSON lines, `process`: CPU an event", "intake", "JSON lines", "agent, process", "cpu_ns", ("<=", 1000), "read, do nothing", gross=("<=", 80)),
    Figure("journal, `process`, batches of 64 KiB: CPU an event", "journal", "batches of 64 KiB", "journal, process", "cpu_ns", None, "raw pwrite"),
    Figure("journal, `fsync`, batches of 64 KiB: CPU an event", "journal", "batches of 64 KiB", "journal, fsync", "cpu_ns", None, "raw pwrite + fdatasync",
           gross=("<=", 20)),
    Figure("journal, `fsync`, batches of 64 KiB: by the clock", "journal", "batches of 64 KiB", "journal, fsync", "wall_ns", None, "raw pwrite + fdatasync"),
    Figure("journal, `process`, batches of 1 MiB: CPU an event", "journal", "batches of 1024 KiB", "journal, process", "cpu_ns", None, "raw pwrite", gross=("<=", 20)),
    Figure("journal, `fsync`, batches of 1 MiB: by the clock", "journal", "batches of 1024 KiB", "journal, fsync", "wall_ns", None, "raw pwrite + fdatasync", gross=("<=", 6)),
    Figure("rows, a second", "rows", "request_log", "the rows sink", "wall_per_s", None, "raw binary COPY, one transaction",
           ratio_goal=(">=", 0.9), gross=(">=", 0.2), headline=True),
    Figure("rows, a second", "rows", "request_log", "the rows sink", "wall_per_s", None, "raw binary COPY, 30,000 rows each", gross=(">=", 0.2)),
    Figure("rows, a second, COPY in transactions as large as the sink's", "rows", "request_log", "raw binary COPY, 30,000 rows each", "wall_per_s", None,
           "raw binary COPY, one transaction"),
    Figure("rows, a second", "rows", "request_log", "the rows sink", "wall_per_s", None, "one INSERT a row", gross=(">=", 2)),
    Figure("rows, CPU of Postgres a row", "rows", "request_log", "the rows sink", "backend_cpu_ns", None, "raw binary COPY, one transaction", gross=("<=", 2.5)),
    Figure("`/metrics`, 1,000 lines", "scrape", "1,000 lines", "the agent's page", "cpu_ms", None, "prometheus-cpp's serializer", gross=("<=", 0.5)),
    Figure("`/metrics`, 10,000 lines", "scrape", "10,000 lines", "the agent's page", "cpu_ms", None, "prometheus-cpp's serializer", gross=("<=", 0.3)),
    Figure("`/metrics`, 100,000 lines", "scrape", "100,000 lines", "the agent's page", "cpu_ms", ("<=", 40), "prometheus-cpp's serializer", gross=("<=", 0.3)),
    Figure("`/metrics`, 100,000 label sets", "scrape", "100,000 label sets", "the agent's page", "cpu_ms", ("<=", 40), "prometheus-cpp's serializer", whole_run=True, headline=True),
    Figure("the same over HTTP: CPU of the agent", "scrape", SETS, "one scrape over HTTP", "cpu_ms", ("<=", 40), whole_run=True, headline=True),
    Figure("the same over HTTP: by the clock, while events come", "scrape", SETS, "scraped without a pause", "longest_scrape_ms", whole_run=True, greatest=True),
    Figure("`/metrics`, 10,000 label sets (180,000 lines), over HTTP: CPU of the agent", "scrape", "the agent, 10,000 label sets", "one scrape over HTTP",
           "cpu_ms", ("<=", 40)),
    *(Figure(f"the fold's writer waits for {what} of 100,000 label sets", "scrape", "100,000 label sets", ours, "writer_stall_ms", ("<=", 5), whole_run=True,
             greatest=True, headline=ours == "the agent's page")
      for what, ours in (("the page", "the agent's page"), ("the OpenMetrics page", "the agent's page, OpenMetrics"), ("a checkpoint", "a checkpoint's copy"))),
    *(Figure(f"an event's ack while 100,000 label sets are scraped, {how}", "scrape", SETS, "scraped without a pause", value, goal, "not scraped",
             whole_run=True, greatest=goal is not None, headline=goal is not None)
      for how, value, goal in (("p99", "ack_p99_ms", None), ("longest", "ack_longest_ms", ("<=", 5)))),
    Figure("the same, OpenMetrics, longest", "scrape", SETS, "scraped without a pause, OpenMetrics", "ack_longest_ms", ("<=", 5), "not scraped", whole_run=True,
           greatest=True),
    _app("agent running", "running"),
    _app("agent stopped, room in the ring", "stopped", "writing_cpu_us"),
    _app("agent stopped, ring full", "stopped", "dropping_cpu_us"),
    _app("agent absent, room in the ring", "absent", "writing_cpu_us"),
    _app("agent absent, ring full", "absent", "dropping_cpu_us"),
    Figure("a request of the app, agent absent: instructions of user space", "app", "1 connection, instructions", "instrumented, agent absent", "instructions",
           None, "bare", gross=("<=", 1.3), optional=True),
    Figure("a request of the app, all in its path", "app", APP, "in the path", "cpu_us", None, "bare"),
    _agent("10,000", "all four sinks", ("<=", 3), gross=("<=", 8), whole_run=False, headline=True),
    _agent("10,000", "all four sinks", yardstick="write and sync", name="all four sinks", whole_run=False),
    _agent("10,000", "metrics alone", yardstick="write and sync", whole_run=False),
    _agent("10,000", "all four sinks", None, None, value="batches_per_s", name="batches", whole_run=False),
    _agent("10,000", "all four sinks, 5 emitters", None, "all four sinks", gross=("<=", 8), name="all four sinks, an app of 5 processes", whole_run=False, headline=True),
    _agent("10,000", "all four sinks, 5 emitters", None, "all four sinks", value="batches_per_s", name="batches, an app of 5 processes", whole_run=False),
    _agent("10,000", "metrics alone, 5 emitters", name="metrics alone, an app of 5 processes"),
    *(_agent(rate, f"metrics and {sink}") for rate in ("1,000", "10,000", "50,000") for sink in ("StatsD", "rows", "traces")),
    _agent("1,000", "all four sinks"),
    _agent("50,000", "all four sinks"),
    Figure("resident memory, idle", "backlog", "memory", "idle", "resident_mib", ("<=", 16), headline=True),
    Figure("resident memory, idle, all four sinks, each connected", "backlog", "memory", "idle, all four sinks", "resident_mib", ("<=", 16), headline=True),
    Figure("resident memory, 10,000 series and a backlog of 1 GiB", "backlog", "memory", "10,000 series and a backlog", "greatest_mib", ("<=", 64), whole_run=True, headline=True),
    Figure("the same, while that backlog is stored", "backlog", "memory", "after the backlog was stored", "greatest_mib", ("<=", 64), whole_run=True),
    Figure("start after `kill -9` with that backlog, until ready", "backlog", "start", "after kill -9, with that backlog", "ready_ms", ("<=", 2000), "read the same bytes",
           whole_run=True, headline=True),
    Figure("`record()` to row visible, p99", "lag", LAG, "record() to row", "p99_ms", ("<=", 1500), headline=True),
    Figure("`record()` to row visible, 20,000 events a second, p99", "lag", "20,000 events a second", "record() to row", "p99_ms", ("<=", 1500)),
    Figure("`record()` to acknowledgement, p99", "lag", LAG, "record() to acknowledgement", "p99_ms", ("<=", 15), "write + fdatasync of 4 KiB", headline=True),
    Figure("CPU an event with 10,000 label sets", "growth", "label sets", "10000 label sets", "cpu_ns", None, "10 label sets",
           ratio_goal=("<=", 2), gross=("<=", 5), headline=True),
    Figure("CPU an event with 100,000 label sets", "growth", "label sets", "100000 label sets", "cpu_ns", None, "10 label sets", whole_run=True),
    Figure("CPU an event from 64 emitters", "growth", "emitters", "64 emitters", "cpu_ns", None, "1 emitter", gross=("<=", 5)),
    Figure("CPU an event from 256 emitters of 4 uids (as root)", "growth", "emitters", "256 emitters of 4 uids", "cpu_ns", None, "1 emitter"),
    _sharing("64 emitters", "64 emitters", gross=("<=", 12)),
    _sharing("5 emitters", "5 emitters", whole_run=True),
    _sharing("256 emitters of 4 uids (as root)", "256 emitters of 4 uids", whole_run=True),
    Figure("CPU a byte of an event of 16 KiB", "growth", "event size", "text of 16320 B", "byte_cpu_ns", None, "read, do nothing, text of 16320 B",
           gross=("<=", 80)),
    Figure("CPU a byte of an event of 48 B", "growth", "event size", "text of 8 B", "byte_cpu_ns", None, "text of 16320 B"),
    _road("records, to the series and StatsD", "records, to the series and StatsD"),
    _road("JSON lines, to the series and StatsD", "JSON lines, to the series and StatsD"),
    _road("journal to tuples", "journal, to tuples"),
    _road("journal to traces", "journal, to chunks"),
]
