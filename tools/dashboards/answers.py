# What a running stack answers to the queries of a panel, as Grafana asks them: over a span of time, or for one moment.
import math
import re
from dataclasses import dataclass, field

from grafana import filled


@dataclass
class Series:
    name: str
    labels: dict
    points: list  # of (unix seconds, value); a gap is a missing point

    @property
    def last(self):
        return self.points[-1][1] if self.points else None


@dataclass
class Answer:
    series: list = field(default_factory=list)
    rows: list = field(default_factory=list)  # of a table: objects
    exemplars: list = field(default_factory=list)  # (unix seconds, value)


def named(target, metric):
    if target["legendFormat"] == "__auto":
        return next(iter(metric.values()), "")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: metric.get(match.group(1), ""), target["legendFormat"])


class Questions:
    def __init__(self, stack, dashboard, start, end, step, rate_interval):
        self.stack, self.dashboard = stack, dashboard
        self.start, self.end, self.step, self.rate_interval = start, end, step, rate_interval

    def fill(self, text):
        return filled(text, self.dashboard, self.rate_interval, self.step, math.ceil(self.end - self.start))

    def over_time(self, expr):
        return self.stack.prometheus("query_range", query=self.fill(expr), start=self.start, end=self.end, step=self.step)["result"]

    def answer(self, panel):
        answer = Answer()
        for target in panel["targets"]:
            if "rawSql" in target:
                self.add_rows(answer, target)
            elif target.get("instant"):
                self.add_moment(answer, target)
            else:
                for one in self.over_time(target["expr"]):
                    points = [(at, float(value)) for at, value in one["values"] if value not in ("NaN", "+Inf", "-Inf")]
                    answer.series.append(Series(named(target, one["metric"]), one["metric"], points))
                if target.get("exemplar"):
                    answer.exemplars += self.exemplars(target["expr"])
        return answer

    def add_rows(self, answer, target):
        rows = self.stack.rows(self.fill(target["rawSql"]))
        if target["format"] == "table":
            answer.rows += rows
            return
        lines = {}
        for row in rows:
            value = next(each for key, each in row.items() if key not in ("time", "metric"))
            lines.setdefault(row["metric"], []).append((row["time"], value))
        answer.series += [Series(name, {}, points) for name, points in lines.items()]

    def add_moment(self, answer, target):
        data = self.stack.prometheus("query", query=self.fill(target["expr"]), time=self.end)["result"]
        for one in data:
            value = float(one["value"][1])
            if target["format"] != "table":
                answer.series.append(Series(named(target, one["metric"]), one["metric"], [(self.end, value)]))
                continue
            row = next((row for row in answer.rows if one["metric"].items() <= row.items()), None)
            if row is None:
                answer.rows.append(row := dict(one["metric"]))
            row[f"Value #{target['refId']}"] = value

    def exemplars(self, expr):
        found = self.stack.prometheus("query_exemplars", query=self.fill(expr), start=self.start, end=self.end)
        return [(each["timestamp"], float(each["value"])) for one in found for each in one["exemplars"]]

    def annotations(self):
        """When each came up first within the span: (unix seconds, text)."""
        for annotation in self.dashboard["annotations"]["list"]:
            if annotation.get("builtIn"):
                continue
            for one in self.over_time(annotation["expr"]):
                at = float(one["values"][0][0])
                if at > self.start + self.step:
                    yield at, re.sub(r"\{\{(\w+)\}\}", lambda match, metric=one["metric"]: metric.get(match.group(1), ""),
                                     annotation["titleFormat"])
