# What Grafana's own tools say: its schema, its linter.
from check import ROOT, output, require, test, tool

DASHBOARDS = sorted((ROOT / "dashboards/grafana").glob("*.json"))


@test("each dashboard is, in every key and type, what Grafana's schema says (grafana-foundation-sdk)")
def schema():
    require(output(tool("dashboard-schema"), *DASHBOARDS))


# Its module cannot be had from every registry: its rules are in dashboards_test.py too, which need nothing.
@test("Grafana's dashboard-linter finds nothing")
def linter():
    linter = tool("dashboard-linter", optional=True)
    require(line for path in DASHBOARDS for line in output(linter, "lint", "--strict", "--config", path.with_name(".lint"), path))
