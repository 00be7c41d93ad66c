# The Prometheus rules: does each alert say to people what they need, does it have a test, does Prometheus take it?
import re

import yaml
from check import ROOT, output, require, test, tool
from grafana import Provisioning

RULES = sorted((ROOT / "dashboards/rules").glob("*.yml"))
ALERTMANAGER = sorted((ROOT / "compose/alertmanager").glob("*.yml"))
TESTS = sorted((ROOT / "tests/dashboards/rules").glob("*.yml"))


def alerts():
    for path in RULES:
        for group in yaml.safe_load(path.read_text())["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


@test("each alert has a severity and a component to route by, a summary, a description and what to do")
def annotated():
    problems = []
    for rule in alerts():
        labels, annotations = rule["labels"], rule["annotations"]
        if labels.keys() != {"severity", "component"} or labels["severity"] not in ("page", "ticket"):
            problems.append(f"{rule['alert']}: labels {labels}")
        for key, least in {"summary": 10, "description": 15, "runbook": 30}.items():
            if len(annotations.get(key, "")) < least:
                problems.append(f"{rule['alert']}: {key}")
        for used in re.findall(r"\$labels\.(\w+)", str(annotations)):
            if re.search(r"\b(by|without) \(", rule["expr"]) and f"without ({used})" in rule["expr"]:
                problems.append(f"{rule['alert']}: {used} is aggregated away")
    require(problems)
    names = [rule["alert"] for rule in alerts()]
    assert len(names) == len(set(names)) and len(names) > 20, names


@test("each alert fires in a test of the rules, and a test shows what does not fire")
def covered():
    text = "".join(path.read_text() for path in TESTS)
    require(f"{rule['alert']} fires in no test" for rule in alerts()
            if f'alertname="{rule["alert"]}",alertstate="firing"' not in text)
    require(f"{path.stem}: no test in which nothing fires" for path in TESTS if "exp_samples: []" not in path.read_text())
    assert [path.stem for path in TESTS] == [path.stem + "_test" for path in RULES]


@test("Grafana has each of them too, paused, since Prometheus evaluates them")
def in_grafana():
    paused = {rule["title"] for rule in Provisioning().rules if rule["isPaused"]}
    assert paused == {rule["alert"] for rule in alerts()}, paused


@test("promtool takes the rules")
def checked():
    require(output(tool("promtool"), "check", "rules", *RULES))


@test("promtool finds that each alert fires when it should, and only then")
def unit_tests():
    require(output(tool("promtool"), "test", "rules", *TESTS))


@test("promtool takes the stack's prometheus.yml, which loads these rules")
def prometheus_config():
    path = ROOT / "compose/prometheus/prometheus.yml"
    assert "/etc/prometheus/rules/*.yml" in yaml.safe_load(path.read_text())["rule_files"]
    require(output(tool("promtool"), "check", "config", path))


@test("amtool takes Alertmanager's configurations")
def alertmanager_config():
    require(output(tool("amtool"), "check-config", *ALERTMANAGER))


@test("what Alertmanager's configurations match is what the rules say")
def matched():
    known = {"alertname": {rule["alert"] for rule in alerts()}}
    for label in ("severity", "component"):
        known[label] = {rule["labels"][label] for rule in alerts()}
    found = [pair for path in ALERTMANAGER for pair in re.findall(r'(\w+) = "?(\w+)', path.read_text())]
    assert found
    require(f"{label} is never {value}" for label, value in found if label in known and value not in known[label])
