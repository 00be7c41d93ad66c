# Reads dashboards/provisioning and dashboards/grafana as Grafana does when it starts: paths, identifiers, variables, data sources.
# What it would not take, or would show as an error, is a problem with its place. Pure but for reading files.
import json
import pathlib
import re

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "dashboards"
MOUNTS = {"/var/lib/grafana/dashboards": FOLDER / "grafana", "/etc/grafana/provisioning": FOLDER / "provisioning"}  # as compose does
UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# Beyond the variables of a dashboard: what Grafana itself fills in.
GLOBALS = {"__rate_interval", "__interval", "__interval_ms", "__range", "__range_s", "__from", "__to", "__dashboard", "__value", "__url_time_range"}
VARIABLE = re.compile(r"\$(?:\{(\w+)(?:\.\w+)?(?::(\w+))?\}|(\w+))")


def interpolated(value, environment):
    """Of provisioning files: $X, ${X} and $__file{path}; $$ is a dollar."""
    if isinstance(value, dict):
        return {key: interpolated(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [interpolated(each, environment) for each in value]
    if not isinstance(value, str):
        return value

    def fill(match):
        if match.group(0) == "$$":
            return "$"
        if match.group("file"):
            return f"<{match.group('file')}>"
        name = match.group("name") or match.group("braced")
        if name not in environment:
            raise ValueError(f"${name}: Grafana's container has no such variable, it would be empty")
        return environment[name]

    return re.sub(r"\$\$|\$__file\{(?P<file>[^}]+)\}|\$\{(?P<braced>\w+)\}|\$(?P<name>\w+)", fill, value)


class Provisioning:
    def __init__(self, environment=None):
        self.environment = environment or {"DB_NAME": "postgres"}
        self.sources, self.rules, self.contacts, self.policies, self.dashboards, self.folders = {}, [], {}, [], {}, set()
        self.problems = []
        for kind, read in {"datasources": self.read_sources, "dashboards": self.read_providers, "alerting": self.read_alerting}.items():
            for path in sorted((FOLDER / "provisioning" / kind).iterdir()):
                name = str(path.relative_to(ROOT))
                if path.suffix not in (".yml", ".yaml"):
                    self.problem(name, "Grafana reads .yml and .yaml only")
                    continue
                content = yaml.safe_load(path.read_text())
                if content.get("apiVersion") != 1:
                    self.problem(name, "apiVersion is not 1")
                try:
                    read(name, content)
                except (KeyError, TypeError, ValueError) as error:
                    self.problem(name, f"{type(error).__name__}: {error}")
        self.check_references()

    def problem(self, place, what):
        self.problems.append(f"{place}: {what}")

    def known(self, place, value, required, optional=""):
        for key in value.keys() - {*required.split(), *optional.split()}:
            self.problem(place, f"unknown key {key}")
        for key in {*required.split()} - value.keys():
            self.problem(place, f"{key} is missing")

    def identifier(self, place, uid, taken):
        if not UID.fullmatch(uid):
            self.problem(place, f"uid {uid}: at most 40 of A-Z a-z 0-9 _ -")
        if uid in taken:
            self.problem(place, f"uid {uid} is there twice")

    def read_sources(self, name, content):
        self.known(name, content, "apiVersion datasources", "prune deleteDatasources")
        for raw in content["datasources"]:
            source = interpolated(raw, self.environment)
            place = f"{name}: {source['name']}"
            self.known(place, source, "name uid type access url jsonData", "user isDefault editable secureJsonData orgId version")
            self.identifier(place, source["uid"], self.sources)
            if source["access"] != "proxy":
                self.problem(place, "access is not proxy")
            if "password" in str(raw.get("jsonData")) or "password" in raw:
                self.problem(place, "a password outside of secureJsonData")
            self.sources[source["uid"]] = source
        if sum(bool(source.get("isDefault")) for source in self.sources.values()) != 1:
            self.problem(name, "not exactly one data source is the default")

    def read_providers(self, name, content):
        self.known(name, content, "apiVersion providers")
        for provider in content["providers"]:
            place = f"{name}: {provider['name']}"
            self.known(place, provider, "name folder type options", "orgId folderUid disableDeletion allowUiUpdates updateIntervalSeconds")
            self.folders.add(provider["folder"])
            path = MOUNTS.get(provider["options"]["path"])
            if not path or not path.is_dir():
                self.problem(place, f"{provider['options']['path']} is not mounted")
                continue
            for file in sorted(path.rglob("*.json")):
                dashboard = json.loads(file.read_text())
                where = str(file.relative_to(ROOT))
                self.identifier(where, dashboard["uid"], self.dashboards)
                if dashboard["title"] in [other["title"] for other in self.dashboards.values()]:
                    self.problem(where, "another dashboard of the folder has this title")
                self.dashboards[dashboard["uid"]] = dashboard | {"file": where}

    def read_alerting(self, name, content):
        self.known(name, content, "apiVersion", "groups contactPoints policies templates muteTimes")
        for group in content.get("groups", []):
            self.known(f"{name}: {group['name']}", group, "orgId name folder interval rules")
            self.rules += [rule | {"group": group["name"], "folder": group["folder"], "file": name} for rule in group["rules"]]
        for contact in interpolated(content.get("contactPoints", []), self.environment):
            self.known(f"{name}: {contact['name']}", contact, "orgId name receivers")
            for receiver in contact["receivers"]:
                self.known(f"{name}: {contact['name']}", receiver, "uid type settings", "disableResolveMessage")
            self.contacts[contact["name"]] = contact
        self.policies += content.get("policies", [])

    def check_references(self):
        taken = set()
        for rule in self.rules:
            place = f"{rule['file']}: {rule['title']}"
            self.known(place, rule, "uid title condition data noDataState execErrState for labels annotations isPaused group folder file")
            self.identifier(place, rule["uid"], taken)
            taken.add(rule["uid"])
            if rule["folder"] not in self.folders:
                self.problem(place, f"folder {rule['folder']} is not one of the dashboards'")
            refs = [data["refId"] for data in rule["data"]]
            if rule["condition"] not in refs or len(refs) != len(set(refs)):
                self.problem(place, f"condition {rule['condition']}, of {refs}")
            for data in rule["data"]:
                uid, model = data["datasourceUid"], data["model"]
                if uid != "__expr__" and uid not in self.sources:
                    self.problem(place, f"no data source {uid}")
                if uid == "__expr__" and not set(re.findall(r"\b[A-Z]\b", model["expression"])) <= set(refs):
                    self.problem(place, f"{model['expression']} names a query that is not there")
        if len(self.policies) != 1:
            self.problem("alerting", "not exactly one tree of policies")
        for policy in self.policies:
            for route in (policy, *policy.get("routes", [])):
                if route["receiver"] not in self.contacts:
                    self.problem("policies", f"no contact point {route['receiver']}")


def panels(dashboard):
    """All but the titles of rows; those in closed rows too."""
    for panel in dashboard["panels"]:
        inner = panel.get("panels", [])
        yield from inner if panel["type"] == "row" else [panel]


def variables(dashboard):
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def used_in(text):
    return {braced or bare for braced, _, bare in VARIABLE.findall(text) if not (braced or bare).startswith("__time")}


def language(source_type):
    return {"prometheus": "promql", "grafana-postgresql-datasource": "sql"}.get(source_type)


def filled(text, dashboard, rate_interval, interval, span):
    """As Grafana fills it in when everything is chosen. span: seconds up to now, the dashboard's time range."""
    known = variables(dashboard)
    text = re.sub(r'\$__timeFilter\(([^)]+)\)', rf"\1 BETWEEN now() - interval '{span} s' AND now()", text)
    text = re.sub(r'\$__timeGroupAlias\(([^,]+),\s*\$__interval\)',
                  rf'floor(extract(epoch from \1) / {interval}) * {interval} AS "time"', text)

    def fill(match):
        name, form = match.group(1) or match.group(3), match.group(2)
        times = {"__rate_interval": f"{rate_interval}s", "__interval": f"{interval}s", "__range": f"{span}s"}
        if name in times:
            return times[name]
        variable = known[name]
        if variable.get("includeAll"):
            return variable["allValue"]  # is taken as it is, whatever the form
        value = variable["current"]["value"]
        return "'" + value.replace("'", "''") + "'" if form == "sqlstring" else value

    return VARIABLE.sub(fill, text)
