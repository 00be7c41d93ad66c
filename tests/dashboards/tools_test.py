# What Grafana's own tools say: its schema, its linter.
import json
import pathlib
import tempfile

from check import ROOT, output, require, test, tool
from grafana import Provisioning

DASHBOARDS = sorted((ROOT / "dashboards/grafana").glob("*.json"))
# What a file leaves to its group, and the interface asks for.
OF_THE_GROUP = {"folderUID": "outrigger", "orgID": 1}


def schema_of(kind, objects):
    """What the schema says of them: pairs of a name and an object."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, value in objects:
            paths.append(pathlib.Path(folder) / f"{name}.json")
            paths[-1].write_text(json.dumps(value))
        return output(tool("grafana-schema"), kind, *paths)


@test("each dashboard is, in every key and type, what Grafana's schema says (grafana-foundation-sdk)")
def dashboards():
    require(output(tool("grafana-schema"), "dashboard", *DASHBOARDS))


@test("so are alert rules, contact points and policies, and what is not is told")
def alerting():
    read = Provisioning()
    rules = [(rule["title"], {key: value for key, value in rule.items() if key not in ("folder", "file", "group")}
              | OF_THE_GROUP | {"ruleGroup": rule["group"]}) for rule in read.rules]
    contacts = [(contact["name"], receiver | {"name": contact["name"]}) for contact in read.contacts.values() for receiver in contact["receivers"]]
    policies = [(str(number), {key: value for key, value in policy.items() if key != "orgId"}) for number, policy in enumerate(read.policies)]
    require(schema_of("rule", rules) + schema_of("contact-point", contacts) + schema_of("policy", policies))
    name, rule = rules[0]
    assert "conditions" in "".join(schema_of("rule", [(name, rule | {"conditions": "A"})]))


# Its module cannot be had from every registry: its rules are in dashboards_test.py too, which need nothing.
@test("Grafana's dashboard-linter finds nothing")
def linter():
    linter = tool("dashboard-linter", optional=True)
    require(line for path in DASHBOARDS for line in output(linter, "lint", "--strict", "--config", path.with_name(".lint"), path))
