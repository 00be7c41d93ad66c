# The parts that dashboards are made of, as Grafana's JSON has them. Pure: no I/O.
# Each panel states its title, a description for people, and its unit; width is in Grafana's 24 columns.

PROMETHEUS = {"type": "prometheus", "uid": "${prometheus_datasource}"}
POSTGRES = {"type": "grafana-postgresql-datasource", "uid": "${postgres_datasource}"}
GREEN, YELLOW, RED = "green", "yellow", "red"


def promql(expr, legend="", *, instant=False, exemplars=False, form="time_series"):
    target = {"datasource": PROMETHEUS, "editorMode": "code", "expr": expr, "format": form, "legendFormat": legend or "__auto"}
    target |= {"instant": True, "range": False} if instant else {"range": True}
    return target | ({"exemplar": True} if exemplars else {})


def sql(query, form="table"):
    return {"datasource": POSTGRES, "editorMode": "code", "rawQuery": True, "rawSql": query.strip(), "format": form}


def panel(kind, title, description, targets, unit, *, width, height=8, options=None, custom=None, thresholds=None, overrides=None, **defaults):
    """thresholds: pairs of (value from which on, colour); the first value is None."""
    fields = {"unit": unit, "color": {"mode": "thresholds" if thresholds else "palette-classic"}} | defaults
    if thresholds:
        fields["thresholds"] = {"mode": "absolute", "steps": [{"value": at, "color": colour} for at, colour in thresholds]}
    fields["custom"] = custom or {}
    for letter, target in zip("ABCDEFGH", targets, strict=False):
        target["refId"] = letter
    return {
        "type": kind, "title": title, "description": description, "datasource": targets[0]["datasource"], "targets": targets,
        "gridPos": {"w": width, "h": height},
        "fieldConfig": {"defaults": fields, "overrides": overrides or []}, "options": options or {},
    }


def timeseries(title, description, unit, *targets, width=8, stacked=False, minimum=0, calcs=("lastNotNull", "max"), **more):
    custom = {"lineWidth": 1, "fillOpacity": 40 if stacked else 8, "showPoints": "never", "spanNulls": False,
              "stacking": {"mode": "normal" if stacked else "none", "group": "A"}}
    options = {"legend": {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": list(calcs)},
               "tooltip": {"mode": "multi", "sort": "desc"}}
    if minimum is not None:
        more["min"] = minimum
    return panel("timeseries", title, description, list(targets), unit, width=width, options=options, custom=custom, **more)


def stat(title, description, unit, *targets, width=4, text="value", graph="area", **more):
    options = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}, "colorMode": "value", "graphMode": graph,
               "justifyMode": "auto", "orientation": "auto", "textMode": text, "wideLayout": True, "showPercentChange": False,
               "percentChangeColorMode": "standard"}
    return panel("stat", title, description, list(targets), unit, width=width, height=4, options=options, **more)


def table(title, description, *targets, width=12, unit="short", height=9, sort=None, columns=None, hidden=(), links=None):
    """columns: unit by the name of a column; links: data links by the name of a column; sort: the column that leads, falling."""
    overrides = [override(name, {"unit": of}) for name, of in (columns or {}).items()]
    overrides += [override(name, {"links": of}) for name, of in (links or {}).items()]
    options = {"cellHeight": "sm", "showHeader": True, "frameIndex": 0, "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""}}
    if sort:
        options["sortBy"] = [{"displayName": sort, "desc": True}]
    made = panel("table", title, description, list(targets), unit, width=width, height=height, options=options,
                 custom={"align": "auto", "cellOptions": {"type": "auto"}, "inspect": True}, overrides=overrides)
    if hidden:
        made["transformations"] = [{"id": "organize", "options": {"excludeByName": dict.fromkeys(hidden, True), "indexByName": {},
                                                                  "renameByName": {}}}]
    return made


def heatmap(title, description, unit, target, width=12):
    target["format"], target["legendFormat"] = "heatmap", "{{le}}"
    options = {"calculate": False, "cellGap": 1, "color": {"mode": "scheme", "scheme": "Spectral", "steps": 64, "reverse": True,
                                                           "exponent": 0.5, "scale": "exponential", "fill": "dark-orange"},
               "exemplars": {"color": "rgba(255,0,255,0.7)"}, "filterValues": {"le": 1e-9}, "legend": {"show": True}, "showValue": "never",
               "rowsFrame": {"layout": "auto"}, "tooltip": {"mode": "single", "yHistogram": True, "showColorScale": False},
               "yAxis": {"axisPlacement": "left", "unit": unit, "reverse": False}}
    return panel("heatmap", title, description, [target], unit, width=width, options=options,
                 custom={"scaleDistribution": {"type": "linear"}})


def override(name, properties):
    return {"matcher": {"id": "byName", "options": name}, "properties": [{"id": key, "value": value} for key, value in properties.items()]}


def row(title, *panels):
    return [{"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": {"w": 24, "h": 1}}, *panels]


def closed_row(title, *panels):
    """Its queries run only when somebody opens it."""
    return [{"type": "row", "title": title, "collapsed": True, "panels": list(panels), "gridPos": {"w": 24, "h": 1}}]
