#!/usr/bin/python3
# Every query that Grafana and Prometheus are given, one JSON object a line: of panels, variables, annotations, alerts and recording rules,
# with variables filled in as Grafana does. {"id", "kind", "language": "promql" | "sql", "query", "window" (seconds that it looks back on)}
# kind: panel, variable, annotation, record: an answer must hold data. alert: it must be answered.
# A variable's query is a selector whose series have the label `label`.
import argparse
import json
import re
import sys

sys.dont_write_bytecode = True
import yaml  # noqa: E402
from grafana import FOLDER, Provisioning, filled, language, panels, variables  # noqa: E402


def of_dashboard(dashboard, rate_interval, interval, span):
    name = dashboard["uid"].removeprefix("outrigger-")

    def made(kind, what, target_language, text, **more):
        return {"id": f"{name}/{what}", "kind": kind, "language": target_language,
                "query": filled(text, dashboard, rate_interval, interval, span), "window": span, **more}

    for variable in variables(dashboard).values():
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
            yield made("variable", variable["name"], "promql", metric, label=label)
    for annotation in dashboard["annotations"]["list"]:
        if not annotation.get("builtIn"):
            yield made("annotation", annotation["name"], "promql", annotation["expr"])
    for panel in panels(dashboard):
        for target in panel["targets"]:
            of = language(target["datasource"]["type"])
            yield made("panel", f"{panel['id']} {panel['title']}/{target['refId']}", of, target["expr" if of == "promql" else "rawSql"])


def of_rules():
    for path in sorted((FOLDER / "rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                kind = "alert" if "alert" in rule else "record"
                yield {"id": f"{path.stem}/{rule[kind]}", "kind": kind, "language": "promql", "query": rule["expr"].strip()}


def of_grafana(rules, sources):
    for rule in rules:
        for data in rule["data"]:
            if data["datasourceUid"] in sources:
                of = language(sources[data["datasourceUid"]]["type"])
                yield {"id": f"grafana/{rule['title']}", "kind": "alert", "language": of,
                       "query": data["model"]["expr" if of == "promql" else "rawSql"].strip()}


def all_queries(rate_interval=60, interval=15, span=3600):
    read = Provisioning()
    for dashboard in read.dashboards.values():
        yield from of_dashboard(dashboard, rate_interval, interval, span)
    yield from of_rules()
    yield from of_grafana(read.rules, read.sources)


def main():
    options = argparse.ArgumentParser(description="Every query of the dashboards and rules, as JSON lines.")
    options.add_argument("--rate-interval", type=int, default=60, help="seconds that $__rate_interval stands for (default: 60)")
    options.add_argument("--interval", type=int, default=15, help="seconds that $__interval stands for (default: 15)")
    options.add_argument("--range", type=int, default=3600, help="seconds that a dashboard shows (default: 3600)")
    chosen = options.parse_args()
    for query in all_queries(chosen.rate_interval, chosen.interval, chosen.range):
        print(json.dumps(query))


if __name__ == "__main__":
    main()
