# The agent itself: do its books balance, what is on its way, what was dropped and why, what it costs.
from dashboard import PROMETHEUS_SOURCE, dashboard, labels
from panels import GREEN, RED, YELLOW, promql, row, stat, table, timeseries

HERE = 'job=~"$job", instance=~"$instance"'
SINK = f'{HERE}, sink=~"$sink"'
OURS = f"and on (job, instance) outrigger_build_info{{{HERE}}}"  # every exporter has process_*


def rate(metric, by, scope=SINK):
    return f"sum by ({by}) (rate({metric}{{{scope}}}[$__rate_interval]))"


def quantile(q):
    return f"histogram_quantile({q}, {rate('outrigger_journal_sync_seconds_bucket', 'le', HERE)})"


def agent():
    glance = row(
        "At a glance",
        stat("Books", "Accepted less delivered, dropped and pending, added up over the sinks. Always 0: anything else is an error of the agent.",
             "short", promql(f"sum(abs(outrigger_books_difference{{{SINK}}}))"), thresholds=[(None, GREEN), (1, RED)], graph="none"),
        stat("Sinks down", "How many sinks make no progress.", "short",
             promql(f"count(outrigger_sink_up{{{SINK}}}) - sum(outrigger_sink_up{{{SINK}}})"),
             thresholds=[(None, GREEN), (1, RED)], graph="none"),
        stat("Dropped", "Events that did not reach a sink within the time that is shown, over all sinks and emitters.", "short",
             promql(f"sum(increase(outrigger_sink_dropped_events_total{{{SINK}}}[$__range])) + "
                    f"sum(increase(outrigger_emitter_dropped_events_total{{{HERE}}}[$__range]))", instant=True),
             thresholds=[(None, GREEN), (1, YELLOW)], graph="none"),
        stat("Longest lag", "Age of the oldest event that a sink has still to deliver.", "s",
             promql(f"max(outrigger_sink_lag_seconds{{{SINK}}})"), thresholds=[(None, GREEN), (10, YELLOW), (60, RED)]),
        stat("Journal on disk", "1 while the journal is in the data directory; 0 while it is in memory, beside the socket.", "bool_yes_no",
             promql(f"min(outrigger_journal_durable{{{HERE}}})"), thresholds=[(None, RED), (1, GREEN)], graph="none"),
        stat("Up for", "Time since the agent that is up longest started.", "dtdurations",
             promql(f"max(time() - process_start_time_seconds{{{HERE}}} {OURS})"),
             graph="none"),
    )
    books = row(
        "Books, by sink",
        timeseries("Accepted", "Request events that are journaled, each second.", "ops",
                   promql(rate("outrigger_sink_accepted_events_total", "sink"), "{{sink}}")),
        timeseries("Delivered", "Request events that a sink has handed on, each second.", "ops",
                   promql(rate("outrigger_sink_delivered_events_total", "sink"), "{{sink}}")),
        timeseries("Pending", "Request events that a sink has still to deliver.", "short",
                   promql(f"sum by (sink) (outrigger_sink_pending_events{{{SINK}}})", "{{sink}}")),
        timeseries("Lag", "Age of the oldest event that a sink has still to deliver.", "s",
                   promql(f"max by (sink) (outrigger_sink_lag_seconds{{{SINK}}})", "{{sink}}")),
        timeseries("Dropped, by reason", "Request events that a sink gave up, each second.", "ops",
                   promql(rate("outrigger_sink_dropped_events_total", "sink, reason"), "{{sink}}: {{reason}}")),
        table("The books", "Accepted = delivered − rewound + dropped + pending, for each sink; the difference is always 0.",
              *[promql(f"sum by (sink) ({metric}{{{SINK}}})", instant=True, form="table") for metric in
                ("outrigger_sink_accepted_events_total", "outrigger_sink_delivered_events_total", "outrigger_sink_rewound_events_total",
                 "outrigger_sink_dropped_events_total", "outrigger_sink_pending_events", "outrigger_books_difference")],
              width=8, height=8, unit="locale"),
    )
    books[-1]["transformations"] = [
        {"id": "merge", "options": {}},
        {"id": "organize", "options": {"excludeByName": {"Time": True}, "indexByName": {}, "renameByName": {
            "Value #A": "accepted", "Value #B": "delivered", "Value #C": "rewound", "Value #D": "dropped", "Value #E": "pending",
            "Value #F": "difference"}}},
    ]
    intake = row(
        "Intake",
        timeseries("Events", "Events that are journaled, each second, by type.", "ops",
                   promql(rate("outrigger_events_accepted_total", "type", HERE), "{{type}}"), stacked=True),
        timeseries("Emitters", "Processes that are connected, or whose ring is being drained.", "short",
                   promql(f"sum by (instance) (outrigger_emitters{{{HERE}}})", "{{instance}}")),
        timeseries("Dropped by emitters", "Events that never left the app, each second: its ring was full, or it had none.", "ops",
                   promql(rate("outrigger_emitter_dropped_events_total", "reason", HERE), "{{reason}}")),
        timeseries("Refused", "Lines and records that were not taken, each second.", "ops",
                   promql(rate("outrigger_events_refused_total", "reason", HERE), "{{reason}}")),
        timeseries("Cut", "Fields that were beyond a limit, or held what is not UTF-8, each second.", "ops",
                   promql(rate("outrigger_fields_cut_total", "field", HERE), "{{field}}")),
        timeseries("Turned away", "Connections that were not served, each second.", "ops",
                   promql(rate("outrigger_turned_away_total", "door, reason", HERE), "{{door}}: {{reason}}")),
    )
    journal = row(
        "Journal",
        timeseries("Size", "Of all segments, of what the slowest sink has still to read, and beyond which the oldest segment goes.", "bytes",
                   promql(f"sum(outrigger_journal_bytes{{{HERE}}})", "segments"),
                   promql(f"sum(outrigger_journal_unread_bytes{{{HERE}}})", "unread"),
                   promql(f"sum(outrigger_journal_limit_bytes{{{HERE}}})", "limit")),
        timeseries("Time to loss", "If what is unread goes on growing as in the last ten minutes, the slowest sink loses its oldest events in this "
                   "time; at most a day is shown.", "s",
                   promql(f"clamp_max((outrigger_journal_limit_bytes{{{HERE}}} - outrigger_journal_unread_bytes{{{HERE}}}) / "
                          f"clamp_min(deriv(outrigger_journal_unread_bytes{{{HERE}}}[10m]), 1), 86400)", "{{instance}}"),
                   calcs=("lastNotNull", "min")),
        timeseries("Sync time", "What a sync of the journal took: an app waits for none of them, an acknowledgement for one.", "s",
                   promql(quantile(0.99), "99 %"), promql(quantile(0.5), "50 %")),
        timeseries("Syncs", "Syncs of the journal, each second: one for each group of events that came together.", "ops",
                   promql(rate("outrigger_journal_sync_seconds_count", "instance", HERE), "{{instance}}")),
        timeseries("Errors", "Operations of the journal that went wrong, each second.", "ops",
                   promql(rate("outrigger_journal_errors_total", "op", HERE), "{{op}}")),
        timeseries("Taken back", "Events that a sink's store had and has no more, after a failover of its own, each second.", "ops",
                   promql(rate("outrigger_sink_rewound_events_total", "sink"), "{{sink}}")),
    )
    cost = row(
        "What it costs",
        timeseries("CPU", "Share of one core.", "percentunit",
                   promql(f"rate(process_cpu_seconds_total{{{HERE}}}[$__rate_interval]) {OURS}", "{{instance}}")),
        timeseries("Memory", "Resident memory.", "bytes", promql(f"process_resident_memory_bytes{{{HERE}}} {OURS}", "{{instance}}")),
        timeseries("Descriptors", "Open file descriptors: a connection takes one.", "short",
                   promql(f"process_open_fds{{{HERE}}} {OURS}", "{{instance}}")),
        timeseries("Series", "Label sets of requests and custom metrics.", "short",
                   promql(f"sum by (instance) (outrigger_series{{{HERE}}})", "{{instance}}"), width=12),
        timeseries("Folded", "Events beyond --max-series, each second, by the label that became __other__: totals stay exact.", "ops",
                   promql(rate("outrigger_series_overflow_total", "label", HERE), "{{label}}"), width=12),
    )
    return dashboard(
        "outrigger-agent", "Agent", "Outrigger's agent: its books, its journal, its sinks, and what it costs.",
        [PROMETHEUS_SOURCE, labels("job", "job", "outrigger_build_info"),
         labels("instance", "instance", 'outrigger_build_info{job=~"$job"}'),
         labels("sink", "sink", f"outrigger_sink_up{{{HERE}}}", every=".*")],
        [glance, books, intake, journal, cost])
