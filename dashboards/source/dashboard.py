# A dashboard: its variables, its annotations, and its panels laid out from left to right. Pure: no I/O.
from panels import PROMETHEUS

BUILT_IN = {"builtIn": 1, "datasource": {"type": "grafana", "uid": "-- Grafana --"}, "enable": True, "hide": True,
            "iconColor": "rgba(0, 211, 255, 1)", "name": "Annotations & Alerts", "type": "dashboard"}


def data_source(kind, name, first):
    """first: chosen when a dashboard is opened; what is not there is taken for the first that is."""
    return {"name": f"{name.lower()}_datasource", "label": f"{name} data source", "type": "datasource", "query": kind, "regex": "",
            "current": {"text": first, "value": first}, "hide": 0, "includeAll": False, "multi": False, "options": [], "refresh": 1,
            "skipUrlSync": False}


PROMETHEUS_SOURCE = data_source("prometheus", "Prometheus", "default")
POSTGRES_SOURCE = data_source("grafana-postgresql-datasource", "Postgres", "")


def labels(name, label, metric, *, every=".+", title=None):
    """A variable with the values that `label` has in `metric`: any number of them, or all."""
    query = f"label_values({metric}, {label})"
    return {"name": name, "label": title or name.title(), "type": "query", "datasource": PROMETHEUS, "definition": query,
            "query": {"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}, "regex": "", "refresh": 2,
            "sort": 1, "includeAll": True, "multi": True, "allValue": every, "hide": 0, "options": [], "skipUrlSync": False,
            "current": {"selected": True, "text": ["All"], "value": ["$__all"]}}


def constant(name, value):
    return {"name": name, "type": "constant", "query": value, "hide": 2, "skipUrlSync": True,
            "current": {"text": value, "value": value}, "options": [{"selected": True, "text": value, "value": value}]}


def text_box(name, title):
    return {"name": name, "label": title, "type": "textbox", "query": "", "hide": 0, "skipUrlSync": False,
            "current": {"text": "", "value": ""}, "options": [{"selected": True, "text": "", "value": ""}]}


def annotation(name, expr, title, tags):
    return {"name": name, "datasource": PROMETHEUS, "enable": True, "hide": False, "iconColor": "purple", "expr": expr,
            "titleFormat": title, "textFormat": "", "tagKeys": ",".join(tags), "step": "", "useValueForTime": False}


def dashboard(uid, title, description, variables, rows, annotations=(), tags=()):
    panels = [each for row in rows for each in row]
    place([each for panel in panels for each in (panel, *panel.get("panels", ()))])
    return {
        "uid": uid, "title": title, "description": description, "tags": ["outrigger", *tags], "schemaVersion": 39, "version": 1,
        "editable": False, "graphTooltip": 1, "refresh": "30s", "time": {"from": "now-1h", "to": "now"}, "timezone": "", "fiscalYearStartMonth": 0,
        "weekStart": "", "timepicker": {}, "liveNow": False,
        "links": [{"type": "dashboards", "title": "Outrigger", "tags": ["outrigger"], "asDropdown": True, "includeVars": False,
                   "keepTime": True, "targetBlank": False, "icon": "external link", "tooltip": "", "url": ""}],
        "annotations": {"list": [BUILT_IN, *annotations]},
        "templating": {"list": variables},
        "panels": panels,
    }


def place(panels):
    """From left to right; the next line begins where the columns are used up, or with a row's title."""
    x = y = height = 0
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
        size = panel["gridPos"]
        if x + size["w"] > 24 or panel["type"] == "row":
            x, y, height = 0, y + height, 0
        size |= {"x": x, "y": y}
        x, height = x + size["w"], max(height, size["h"])
