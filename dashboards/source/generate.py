#!/usr/bin/python3
# Writes what Grafana reads: dashboards/grafana/*.json from the files beside this one, and the alert rules from dashboards/rules.
# `--check` writes nothing, and fails when something is not what it would write.
import json
import pathlib
import sys

sys.dont_write_bytecode = True
import yaml  # noqa: E402
from agent import agent  # noqa: E402
from grafana_rules import alerting  # noqa: E402
from host import host  # noqa: E402
from postgres import postgres  # noqa: E402
from service import FLASK_NAMES, OTEL_NAMES, PROMETHEUS_NAMES, service  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parents[1]


def rules_of(path):
    return [rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]]


def made():
    for each in (service(PROMETHEUS_NAMES), service(FLASK_NAMES), service(OTEL_NAMES), agent(), postgres(), host()):
        name = each["uid"].removeprefix("outrigger-")
        yield HERE / "grafana" / f"{name}.json", json.dumps(each, indent=2, ensure_ascii=False) + "\n"
    rules = alerting([(path.stem.title(), rules_of(path)) for path in sorted((HERE / "rules").glob("*.yml"))])
    yield (HERE / "provisioning/alerting/rules.yml",
           "# Made by dashboards/source/generate.py.\n" + yaml.safe_dump(rules, sort_keys=False, width=140, allow_unicode=True))


def main():
    check = sys.argv[1:] == ["--check"]
    files = dict(made())
    there = {*(HERE / "grafana").glob("*.json"), HERE / "provisioning/alerting/rules.yml"}
    stale = [path for path, text in files.items() if not path.exists() or path.read_text() != text]
    stale += sorted(path for path in there - files.keys() if path.exists())
    for path in stale:
        print(("not current: " if check else "writing ") + str(path.relative_to(HERE.parent)))
        if check:
            continue
        if path not in files:
            path.unlink()
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path])
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
