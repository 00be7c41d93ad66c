# Would Grafana take what is in dashboards/, show it without an error, and would another installation of it do as well?
# The rules that have a name are those of Grafana's own dashboard-linter, which not everybody can fetch; exceptions are in its .lint file.
import re
import sys

import yaml
from check import ROOT, output, require, test
from grafana import GLOBALS, MOUNTS, UID, Provisioning, interpolated, panels, used_in, variables

GRAFANA = ROOT / "dashboards/grafana"
SELECTOR = re.compile(r"([a-z_:][a-z0-9_:]*)\{([^{}]*)\}")
MATCHER = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"')
CLASSES = {"status", "http_response_status_code", "mode", "fstype"}  # labels whose values say the same everywhere
UNITS = {"none", "short", "s", "dtdurations", "percentunit", "reqps", "ops", "pps", "Bps", "bytes", "bool_yes_no", "locale"}


def dashboards():
    return Provisioning().dashboards.values()


def each_target():
    for dashboard in dashboards():
        for panel in panels(dashboard):
            for target in panel["targets"]:
                yield dashboard, panel, target


def excepted(rule, dashboard, panel=None):
    entries = yaml.safe_load((GRAFANA / ".lint").read_text())["exclusions"].get(rule, {}).get("entries", [])
    return any(entry.get("dashboard", dashboard["title"]) == dashboard["title"] and
               (panel is None or entry.get("panel", panel["title"]) == panel["title"]) for entry in entries)


def lint(rule, found):
    """found: (dashboard, panel or None, what) for each finding of a rule."""
    require(f"{rule}: {dashboard['title']}: {panel['title'] + ': ' if panel else ''}{what}"
            for dashboard, panel, what in found if not excepted(rule, dashboard, panel))


@test("what is generated is what the generator makes now")
def current():
    require(output(sys.executable, "-B", "dashboards/source/generate.py", "--check"))


@test("Grafana would take what it is provisioned with: paths, identifiers, references")
def provisioned():
    read = Provisioning()
    require(read.problems)
    assert {source["type"] for source in read.sources.values()} == {"prometheus", "grafana-postgresql-datasource"}
    assert {"outrigger-service", "outrigger-agent", "outrigger-postgres", "outrigger-host"} <= read.dashboards.keys()
    assert any(not rule["isPaused"] for rule in read.rules)
    assert read.policies[0]["routes"]


@test("exemplars lead to their trace, and to the row of their request on a dashboard that there is")
def exemplar_links():
    read = Provisioning()
    links = read.sources["outrigger-prometheus"]["jsonData"]["exemplarTraceIdDestinations"]
    urls = [link["url"] for link in links if link["name"] == "trace_id"]
    assert len(urls) == 2, urls
    assert all("${__value.raw}" in url for url in urls), urls
    uid, variable = re.match(r"/d/([\w-]+)\?var-(\w+)=", urls[1]).groups()
    assert variable in variables(read.dashboards[uid])


@test("a variable of the environment that Grafana's container has not is told of")
def missing_environment():
    try:
        interpolated({"a": ["$NOT_THERE"]}, {})
    except ValueError as error:
        assert "NOT_THERE" in str(error)
    else:
        raise AssertionError("taken for empty")
    assert interpolated("$$x ${A} $__file{/run/b}", {"A": "a"}) == "$x a </run/b>"


@test("what the provisioning asks of its surroundings, Grafana's container has: folders, variables, secrets")
def surroundings():
    grafana = yaml.safe_load((ROOT / "compose/docker-compose-infra.yml").read_text())["services"]["grafana"]
    volumes = {volume.split(":")[1]: volume.split(":")[0] for volume in grafana["volumes"]}
    for inside, outside in MOUNTS.items():
        assert (ROOT / "compose" / volumes[inside]).resolve() == outside, inside
    text = "".join(path.read_text() for path in (ROOT / "dashboards/provisioning/datasources").iterdir())
    assert set(Provisioning().environment) <= grafana["environment"].keys()
    require(secret for secret in re.findall(r"/run/secrets/(\w+)", text) if secret not in grafana["secrets"])
    home = grafana["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert (GRAFANA / home.removeprefix("/var/lib/grafana/dashboards/")).exists(), home


@test("each panel has a title, a description, a unit, targets with names of their own, and a place of its own")
def whole_panels():
    problems = []
    for dashboard in dashboards():
        ids, taken = set(), set()
        for panel in panels(dashboard):
            place = f"{dashboard['title']}: {panel['title']}"
            size = panel["gridPos"]
            cells = {(x, y) for x in range(size["x"], size["x"] + size["w"]) for y in range(size["y"], size["y"] + size["h"])}
            letters = [target["refId"] for target in panel["targets"]]
            checks = {"title": panel["title"], "description": len(panel["description"]) > 10, "targets": letters,
                      "id twice": panel["id"] not in ids, "refId twice": len(letters) == len(set(letters)),
                      "overlaps": not cells & taken, "too wide": size["x"] + size["w"] <= 24,
                      "unit": panel["fieldConfig"]["defaults"].get("unit") in UNITS}
            problems += [f"{place}: {what}" for what, holds in checks.items() if not holds]
            ids.add(panel["id"])
            taken |= cells
    require(problems)


@test("each panel and each variable asks a data source that a variable names, of a type that is provisioned")
def sources():
    problems = []
    types = {source["type"] for source in Provisioning().sources.values()}
    for dashboard in dashboards():
        kinds = {f"${{{v['name']}}}": v["query"] for v in variables(dashboard).values() if v["type"] == "datasource"}
        asked = [(v["name"], v["datasource"]) for v in variables(dashboard).values() if v["type"] == "query"]
        asked += [(a["name"], a["datasource"]) for a in dashboard["annotations"]["list"] if not a.get("builtIn")]
        asked += [(p["title"], source) for p in panels(dashboard) for source in (p["datasource"], *[t["datasource"] for t in p["targets"]])]
        problems += [f"{dashboard['title']}: {name}: {source}" for name, source in asked
                     if kinds.get(source["uid"]) != source["type"] or source["type"] not in types]
    require(problems)


@test("each variable that is used is there, and each that is there is used")
def used():
    problems = []
    for dashboard in dashboards():
        known = variables(dashboard)
        texts = [t.get("expr") or t["rawSql"] for p in panels(dashboard) for t in p["targets"]]
        texts += [str(p["fieldConfig"]) + p["datasource"]["uid"] for p in panels(dashboard)]
        texts += [v["query"]["query"] for v in known.values() if v["type"] == "query"]
        texts += [a.get("expr", "") for a in dashboard["annotations"]["list"]]
        seen = set().union(*map(used_in, texts))
        problems += [f"{dashboard['title']}: ${name}" for name in (seen - known.keys() - GLOBALS) | (known.keys() - seen)]
    require(problems)


@test("no label is hard-wired")
def labels():
    problems = []
    for dashboard, panel, target in each_target():
        for metric, inside in SELECTOR.findall(target.get("expr", "")):
            problems += [f"{dashboard['title']}: {panel['title']}: {metric}: {label}{op}\"{value}\""
                         for label, op, value in MATCHER.findall(inside) if value and "$" not in value and label not in CLASSES]
    require(problems)


@test("links between dashboards lead somewhere")
def links():
    uids = {dashboard["uid"] for dashboard in dashboards()}
    text = " ".join(path.read_text() for path in [*GRAFANA.glob("*.json"), *(ROOT / "dashboards/provisioning").rglob("*.yml")])
    require(uid for uid in re.findall(r"/d/([\w-]+)", text) if uid not in uids)
    assert all(UID.fullmatch(uid) for uid in uids)


@test("the linter's rules for templates")
def templates():
    for rule, name in (("template-job-rule", "job"), ("template-instance-rule", "instance")):
        lint(rule, ((d, None, "is missing, or is not a multi select with `.+` for all") for d in dashboards()
                    if not {"multi": True, "allValue": ".+", "label": name.title()}.items() <= variables(d).get(name, {}).items()))
    each = [(d, v) for d in dashboards() for v in variables(d).values()]
    lint("template-on-time-change-reload-rule", ((d, None, v["name"]) for d, v in each if v["type"] == "query" and v["refresh"] != 2))
    lint("template-label-promql-rule", ((d, None, v["name"]) for d, v in each
                                        if v["type"] == "query" and not v["query"]["query"].startswith("label_values(")))
    lint("template-datasource-rule", ((d, None, v["name"]) for d, v in each
                                      if v["type"] == "datasource" and v["name"] != f"{v['query']}_datasource"))
    lint("uneditable-dashboard", ((d, None, "is editable") for d in dashboards() if d["editable"]))


@test("the linter's rules for targets")
def targets():
    prometheus = [(d, p, t["expr"]) for d, p, t in each_target() if "expr" in t]
    for rule, matcher in (("target-job-rule", 'job=~"$job"'), ("target-instance-rule", 'instance=~"$instance"')):
        lint(rule, ((d, p, expr) for d, p, expr in prometheus
                    if not SELECTOR.search(expr) or any(matcher not in inside for _, inside in SELECTOR.findall(expr))))
    kinds = ("singlestat", "gauge", "table", "stat", "state-timeline", "timeseries")  # of panels, all that it looks at
    lint("target-promql-rule", ((d, p, "is no PromQL") for d, p, t in each_target() if "expr" not in t and p["type"] in kinds))
    lint("target-rate-interval-rule", ((d, p, expr) for d, p, expr in prometheus
                                       if re.search(r"\bi?rate\([^()\[]*\[(?!\$__rate_interval\])", expr)))
    lint("target-counter-agg-rule", ((d, p, expr) for d, p, expr in prometheus
                                     for found in re.finditer(r"(\w*\()?\w+_total\{[^}]*\}(\[)?", expr)
                                     if found.group(1) not in ("rate(", "increase(") or not found.group(2)))
