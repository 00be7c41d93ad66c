# What a service does, by rate, errors and duration; then single requests, from Postgres. One dashboard for each set of names that the
# agent's --metric-names can give.
from dataclasses import dataclass

from dashboard import POSTGRES_SOURCE, PROMETHEUS_SOURCE, annotation, constant, dashboard, labels, text_box
from panels import GREEN, RED, YELLOW, heatmap, promql, row, sql, stat, table, timeseries


@dataclass(frozen=True)
class Names:
    setting: str  # of --metric-names
    duration: str
    service: str
    method: str
    route: str
    status: str


PROMETHEUS_NAMES = Names("prometheus", "http_request_duration_seconds", "service", "method", "route", "status")
FLASK_NAMES = Names("flask", "flask_http_request_duration_seconds", "service", "method", "path", "status")
OTEL_NAMES = Names("otel", "http_server_request_duration_seconds", "service_name", "http_request_method", "http_route",
                   "http_response_status_code")

SERVICE_SQL = "coalesce(service, '') ~ '^${service:regex}$'"
TRACE_LINKS = [
    {"title": "Trace in Datadog", "url": "${trace_url}${__value.raw}", "targetBlank": True},
    {"title": "This request alone", "url": "/d/${__dashboard.uid}?var-trace_id=${__value.raw}&${__url_time_range}"},
]


def service(names):
    scope = f'job=~"$job", instance=~"$instance", {names.service}=~"$service"'
    routes = f'{scope}, {names.route}=~"$route"'
    versions = 'app_info{job=~"$job", instance=~"$instance", service=~"$service", version!=""}'

    def rate(by, which="count", only=""):
        inner = f"sum by ({by})" if by else "sum"
        return f"{inner} (rate({names.duration}_{which}{{{routes}{only}}}[$__rate_interval]))"

    failed = f', {names.status}=~"5.."'

    def failures(by=""):
        on = f"{by}" if by else ""
        return f"({rate(on, only=failed)} or 0 * {rate(on)}) / {rate(on)}"

    def quantile(q, by="le"):
        return f"histogram_quantile({q}, {rate(by, 'bucket')})"

    shown = f"{{{{{names.route}}}}}"
    glance = row(
        "At a glance",
        stat("Requests", "Requests that were answered, each second.", "reqps", promql(rate(""))),
        stat("Failed", "Share of requests that were answered with a status of 500 or more.", "percentunit", promql(failures()),
             thresholds=[(None, GREEN), (0.01, YELLOW), (0.05, RED)]),
        stat("Half within", "The median of the time that requests took.", "s", promql(quantile(0.5))),
        stat("99 % within", "The time that 99 of 100 requests kept within.", "s", promql(quantile(0.99)),
             thresholds=[(None, GREEN), (1, YELLOW), (2.5, RED)]),
        stat("Error budget burnt", "Failures of the last hour, in multiples of what an objective of 99 % allows: at 1, a month's budget lasts a month.",
             "short", promql('max(service:http_requests_failed:ratio_rate1h{service=~"$service"}) / 0.01'),
             thresholds=[(None, GREEN), (1, YELLOW), (14.4, RED)]),
        stat("Versions", "Which versions have sent requests in the last hour.", "none",
             promql(f"sum by (service, version) ({versions})", "{{service}} {{version}}", instant=True), text="name", graph="none"),
    )
    red = row(
        "Rate, errors, duration",
        timeseries("Requests by route", "Rate of requests, by route.", "reqps", promql(rate(names.route), shown), stacked=True),
        timeseries("Failed, by route", "Share of a route's requests that were answered with a status of 500 or more.", "percentunit",
                   promql(failures(names.route), shown), max=1),
        timeseries("Duration", "Quantiles over all routes that are chosen. Each point is an exemplar: a request whose trace was kept.", "s",
                   promql(quantile(0.99), "99 %", exemplars=True), promql(quantile(0.9), "90 %"), promql(quantile(0.5), "50 %")),
    )
    latency = row(
        "Latency",
        heatmap("Latency", "How many requests fell into each bucket of the histogram.", "s",
                promql(f"sum by (le) (increase({names.duration}_bucket{{{routes}}}[$__rate_interval]))", exemplars=True)),
        timeseries("95 % within, by route", "The time that 95 of 100 requests of a route kept within.", "s",
                   promql(quantile(0.95, f"le, {names.route}"), shown), width=6),
        timeseries("Mean, by route", "The sum of the times, by their number.", "s",
                   promql(f"{rate(names.route, 'sum')} / {rate(names.route)}", shown), width=6),
    )
    answers = row(
        "Answers",
        timeseries("Requests by status", "Rate of requests, by the status of the answer.", "reqps",
                   promql(rate(names.status), f"{{{{{names.status}}}}}"), stacked=True),
        timeseries("Requests by method", "Rate of requests, by method.", "reqps",
                   promql(rate(names.method), f"{{{{{names.method}}}}}"), stacked=True),
        timeseries("Failed, by version", "Share of failed requests of each version: what a release changed. From Postgres, since no metric "
                   "carries the version.", "percentunit", sql(f"""
select $__timeGroupAlias("timestamp", $__interval), coalesce(version, '') as metric,
       avg((status_code >= 500)::int) as failed
from request_log
where $__timeFilter("timestamp") and {SERVICE_SQL}
group by 1, 2 order by 1""", "time_series"), max=1),
    )
    errors = row(
        "Errors, from Postgres",
        table("Errors", "What failed, the most frequent first, with the newest message and the trace of the newest.", sql(f"""
select route, status_code as status, coalesce(error_type, '') as error, count(*) as times, max("timestamp") as last_seen,
       (array_agg(message order by "timestamp" desc))[1] as message,
       replace((array_agg(trace_id order by "timestamp" desc))[1]::text, '-', '') as trace_id
from request_log
where $__timeFilter("timestamp") and status_code >= 500 and {SERVICE_SQL}
group by 1, 2, 3 order by times desc limit 50"""), width=24, height=6, columns={"last_seen": "dateTimeAsIso"}, links={"trace_id": TRACE_LINKS}),
        table("Slowest routes", "The slowest request of each route, and what they took on the whole.", sql(f"""
select route, count(*) as times, sum(duration_us) / 1e6 as total, max(duration_us) / 1e6 as slowest,
       replace((array_agg(trace_id order by duration_us desc))[1]::text, '-', '') as trace_id
from request_log
where $__timeFilter("timestamp") and {SERVICE_SQL}
group by 1 order by total desc limit 20"""), columns={"total": "s", "slowest": "s"}, links={"trace_id": TRACE_LINKS}),
        table("Single requests", "The newest requests; with a trace id above, those of that trace.", sql(f"""
select "timestamp" as time, method, endpoint, status_code as status, duration_us / 1e6 as duration, version, message,
       replace(trace_id::text, '-', '') as trace_id
from request_log
where $__timeFilter("timestamp") and {SERVICE_SQL}
  and replace(trace_id::text, '-', '') like ${{trace_id:sqlstring}} || '%'
order by "timestamp" desc limit 100"""), columns={"time": "dateTimeAsIso", "duration": "s"}, links={"trace_id": TRACE_LINKS}),
    )
    other = "" if names is PROMETHEUS_NAMES else f" ({names.setting} names)"
    uid = "outrigger-service" + ("" if names is PROMETHEUS_NAMES else f"-{names.setting}")
    metric = f"{names.duration}_count"
    here = 'job=~"$job", instance=~"$instance"'
    return dashboard(
        uid, "Service" + other, f"Rate, errors and duration of a service, for --metric-names={names.setting}.",
        [PROMETHEUS_SOURCE, POSTGRES_SOURCE, labels("job", "job", metric), labels("instance", "instance", f'{metric}{{job=~"$job"}}'),
         labels("service", names.service, f"{metric}{{{here}}}", every=".*"),
         labels("route", names.route, f"{metric}{{{scope}}}", every=".*"), text_box("trace_id", "Trace id"),
         constant("trace_url", "https://app.datadoghq.com/apm/trace/")],
        [glance, red, latency, answers, errors],
        [annotation("Versions", f"group by (service, version) ({versions}) unless group by (service, version) ({versions} offset 5m)",
                    "{{service}} {{version}}", ("service", "version"))],
        () if names is PROMETHEUS_NAMES else ("other-names",))
