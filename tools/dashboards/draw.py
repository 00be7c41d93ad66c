# Draws a dashboard with its answers as SVG: each panel in its place, in the way that its type is shown. Pure.
# Not Grafana's own drawing; the queries, units, legends and places are the dashboard's.
from html import escape

from units import shown, ticks

COLUMN, UNIT, GAP, HEAD = 56, 27, 8, 46  # pixels: a column, a unit of height, between panels, above all
INK, FAINT, GRID, BACK, PANEL = "#24292f", "#6e7781", "#d8dee4", "#f3f4f6", "#ffffff"
COLOURS = ("#56a64b", "#e0b400", "#3274d9", "#ff780a", "#e02f44", "#8f3bb8", "#19a5a5", "#7c2ea3", "#806200", "#1f60c4", "#c15c17", "#b5179e")
STATES = {"green": "#37872d", "yellow": "#b58900", "red": "#c4162a"}


def text(x, y, content, size=11, colour=INK, anchor="start", weight="normal"):
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}">{escape(str(content))}</text>'


def cut(content, width, size=11):
    """To what fits into so many pixels, as far as one can tell without the font."""
    most = max(int(width / (size * 0.56)), 1)
    content = str(content)
    return content if len(content) <= most else content[:most - 1] + "…"


class Plot:
    """The inside of a panel: seconds from left to right, values from the bottom up."""

    def __init__(self, box, start, end, low, high):
        self.x, self.y, self.w, self.h = box
        self.start, self.end, self.low, self.high = start, end, low, high

    def across(self, at):
        return self.x + (at - self.start) / (self.end - self.start) * self.w

    def up(self, value):
        return self.y + self.h - (value - self.low) / (self.high - self.low) * self.h

    def axes(self, unit):
        parts = []
        for value in ticks(self.low, self.high, unit):
            y = self.up(value)
            parts.append(f'<line x1="{self.x:.0f}" x2="{self.x + self.w:.0f}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GRID}"/>')
            parts.append(text(self.x - 5, y + 4, shown(value, unit), 10, FAINT, "end"))
        return parts + self.seconds()

    def seconds(self):
        return [text(self.across(self.start + at), self.y + self.h + 13, f"{at // 60}:{at % 60:02}", 10, FAINT, "middle")
                for at in range(0, int(self.end - self.start) + 1, 30)]


class Picture:
    def __init__(self, dashboard, start, end, step, annotations, caption):
        self.dashboard, self.start, self.end, self.step = dashboard, start, end, step
        self.annotations, self.caption = list(annotations), caption
        self.parts = []
        self.height = HEAD

    def panel(self, panel, answer):
        size = panel["gridPos"]
        x, y = size["x"] * COLUMN + GAP, size["y"] * UNIT + HEAD
        w, h = size["w"] * COLUMN - GAP, size["h"] * UNIT - GAP
        self.height = max(self.height, y + h + GAP)
        if panel["type"] == "row":
            self.parts.append(text(x, y + h - 2, panel["title"], 14, INK, weight="600"))
            return
        self.parts.append(f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="4" fill="{PANEL}" stroke="{GRID}"/>')
        self.parts.append(text(x + 9, y + 17, cut(panel["title"], w - 18, 12), 12, INK, weight="600"))
        draw = {"stat": self.stat, "table": self.table, "heatmap": self.heatmap, "timeseries": self.timeseries}[panel["type"]]
        draw(panel, answer, (x + 9, y + 24, w - 18, h - 30))

    def stat(self, panel, answer, box):
        x, y, w, h = box
        defaults = panel["fieldConfig"]["defaults"]
        value = answer.series[0].last if answer.series else None
        lines = [series.name for series in answer.series] if panel["options"]["textMode"] == "name" else [shown(value, defaults["unit"])]
        colour = COLOURS[2]
        if "thresholds" in defaults and value is not None:
            colour = [STATES[step["color"]] for step in defaults["thresholds"]["steps"] if step["value"] is None or value >= step["value"]][-1]
        if panel["options"]["graphMode"] == "area" and answer.series and len(answer.series[0].points) > 2:
            self.parts += self.spark(answer.series[0].points, (x - 8, y + h * 0.55, w + 16, h * 0.45 + 5), colour)
        size = 26 if len(lines) == 1 else 17
        middle = y + h / 2 - (len(lines) - 1) * size * 0.6
        self.parts += [text(x + w / 2, middle + number * size * 1.2 + 4, cut(line, w, size), size, colour, "middle", "600")
                       for number, line in enumerate(lines)]

    @staticmethod
    def spark(points, box, colour):
        most = max(value for _, value in points) or 1
        plot = Plot(box, points[0][0], points[-1][0], 0, most * 1.1)
        line = " ".join(f"{plot.across(at):.0f},{plot.up(value):.1f}" for at, value in points)
        x, y, w, h = box
        yield f'<polygon points="{x:.0f},{y + h:.0f} {line} {x + w:.0f},{y + h:.0f}" fill="{colour}" opacity="0.15"/>'

    def timeseries(self, panel, answer, box):
        x, y, w, h = box
        unit = panel["fieldConfig"]["defaults"]["unit"]
        stacked = panel["fieldConfig"]["defaults"]["custom"]["stacking"]["mode"] == "normal"
        series = sorted((one for one in answer.series if one.points), key=lambda one: -max(value for _, value in one.points))
        listed = series[:5]
        legend = 14 * (len(listed) + (len(series) > 5)) + 4
        layers = self.stack_up(series) if stacked else [(one, None, dict(one.points)) for one in series]
        high = max((max(top.values()) for _, _, top in layers if top), default=0) or 1
        plot = Plot((x + 44, y + 4, w - 50, h - legend - 22), self.start, self.end, 0, high * 1.08)
        self.parts += plot.axes(unit)
        for number, (_, bottom, top) in reversed(list(enumerate(layers))):
            self.parts += self.line(plot, top, bottom, COLOURS[number % len(COLOURS)])
        self.parts += [self.diamond(plot.across(at), plot.up(value)) for at, value in self.thinned(answer.exemplars) if value <= plot.high]
        self.marks(plot)
        for number, one in enumerate(listed):
            at = y + h - legend + 14 + 14 * number
            self.parts.append(f'<rect x="{x}" y="{at - 7:.0f}" width="10" height="4" fill="{COLOURS[number % len(COLOURS)]}"/>')
            self.parts.append(text(x + 16, at, cut(one.name or panel["title"], w - 184), 10.5))
            most = max(value for _, value in one.points)
            self.parts.append(text(x + w - 92, at, f"last {shown(one.last, unit)}", 10, FAINT, "end"))
            self.parts.append(text(x + w, at, f"max {shown(most, unit)}", 10, FAINT, "end"))
        if len(series) > 5:
            self.parts.append(text(x + 16, y + h, f"and {len(series) - 5} more", 10, FAINT))

    @staticmethod
    def stack_up(series):
        below, layers = {}, []
        for one in series:
            top = {at: below.get(at, 0) + value for at, value in one.points}
            layers.append((one, dict(below), top))
            below |= top
        return layers

    def line(self, plot, top, bottom, colour):
        """top: values by seconds. A gap of more than three steps is not bridged."""
        runs, last = [], None
        for at, value in sorted(top.items()):
            if last is None or at - last > 3 * self.step:
                runs.append([])
            runs[-1].append((at, value))
            last = at
        for run in runs:
            points = " ".join(f"{plot.across(at):.0f},{plot.up(value):.1f}" for at, value in run)
            if bottom is not None:
                base = " ".join(f"{plot.across(at):.0f},{plot.up(bottom.get(at, 0)):.1f}" for at, _ in reversed(run))
                yield f'<polygon points="{points} {base}" fill="{colour}" opacity="0.45"/>'
            yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"/>'

    def thinned(self, exemplars, most=60):
        """The slowest of each moment, so that a point can be seen."""
        slot = (self.end - self.start) / most
        best = {}
        for at, value in exemplars:
            key = int((at - self.start) / slot)
            if 0 <= key < most and value > best.get(key, (0, -1))[1]:
                best[key] = (at, value)
        return best.values()

    @staticmethod
    def diamond(x, y):
        return f'<path d="M{x:.0f} {y - 4:.1f}l4 4l-4 4l-4 -4z" fill="#8f3bb8" stroke="#fff" stroke-width="0.6"/>'

    def marks(self, plot):
        for at, words in self.annotations:
            x = plot.across(at)
            self.parts.append(f'<line x1="{x:.0f}" x2="{x:.0f}" y1="{plot.y:.0f}" y2="{plot.y + plot.h:.0f}" stroke="#8f3bb8" stroke-dasharray="4 3"/>')
            self.parts.append('<g stroke="#fff" stroke-width="3" paint-order="stroke">' + text(x + 3, plot.y + 9, words, 9.5, "#8f3bb8") + "</g>")

    def heatmap(self, panel, answer, box):
        x, y, w, h = box
        unit = panel["fieldConfig"]["defaults"]["unit"]
        bounds = sorted(answer.series, key=lambda one: float(one.labels["le"]))
        plot = Plot((x + 44, y + 4, w - 50, h - 24), self.start, self.end, 0, len(bounds))
        counts, below = [], {}
        for row, one in enumerate(bounds):
            counts += [(at, row, value - below.get(at, 0)) for at, value in one.points]
            below = dict(one.points)
            label = "+Inf" if one.labels["le"] == "+Inf" else shown(float(one.labels["le"]), unit)
            self.parts.append(text(plot.x - 5, plot.up(row + 1) + 4, label, 9.5, FAINT, "end"))
        most = max((count for _, _, count in counts), default=1) or 1
        width, height = plot.w * self.step / (self.end - self.start) + 0.6, plot.h / max(len(bounds), 1)
        for at, row, count in counts:
            if count > 0.01:
                strength = (count / most) ** 0.4
                self.parts.append(f'<rect x="{plot.across(at) - width / 2:.0f}" y="{plot.up(row + 1) + 0.5:.1f}" width="{width:.1f}" '
                                  f'height="{height - 1:.1f}" fill="hsl({220 - 220 * strength:.0f} 75% {78 - 30 * strength:.0f}%)"/>')
        self.parts += plot.seconds()
        self.marks(plot)

    def table(self, panel, answer, box):
        x, y, w, h = box
        rows = [self.organized(panel, row) for row in answer.rows][:max(int((h - 20) / 17), 1)]
        if not rows:
            return
        units = {o["matcher"]["options"]: p["value"] for o in panel["fieldConfig"]["overrides"] for p in o["properties"] if p["id"] == "unit"}
        cells = [{key: self.cell(value, units.get(key, panel["fieldConfig"]["defaults"]["unit"])) for key, value in row.items()} for row in rows]
        keys = list(cells[0])
        wanted = {key: min(max([len(key) + 2] + [len(row[key]) for row in cells]), 44) + 2 for key in keys}
        each = w / sum(wanted.values())
        at = x
        for key in keys:
            width = wanted[key] * each
            self.parts.append(text(at, y + 12, cut(key.replace("_", " "), width - 6, 10.5), 10.5, FAINT, weight="600"))
            self.parts += [text(at, y + 30 + 17 * number, cut(row[key], width - 4, 10.5), 10.5) for number, row in enumerate(cells)]
            at += width

    @staticmethod
    def organized(panel, row):
        for step in panel.get("transformations", []):
            if step["id"] == "organize":
                row = {step["options"]["renameByName"].get(key, key): value for key, value in row.items()
                       if key not in step["options"]["excludeByName"]}
        return row

    @staticmethod
    def cell(value, unit):
        if unit == "dateTimeAsIso":
            return str(value)[11:19]
        if isinstance(value, bool) or value is None:
            return "" if value is None else str(value)
        if isinstance(value, int) and unit == "short":
            return f"{value:,}"
        words = shown(value, unit)
        return words[:8] + "…" + words[-6:] if len(words) == 32 and words.isalnum() else words  # an id

    def svg(self):
        width = 24 * COLUMN + GAP
        head = [text(GAP + 4, 22, self.dashboard["title"], 18, INK, weight="700"), text(GAP + 4, 38, self.caption, 11, FAINT)]
        return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {self.height}" width="{width}" height="{self.height}" '
                f'font-family="Inter, Helvetica, Arial, sans-serif">\n<rect width="100%" height="100%" fill="{BACK}"/>\n'
                + "\n".join(head + self.parts) + "\n</svg>\n")
