# The tables of a run, as text that is Markdown too. A value is the median of its rounds, with the least and the greatest of them.
import re

from suite.measurements import number, unit_of


def _bound(bound, unit=""):
    return f"{'≤' if bound[0] == '<=' else '≥'} {number(bound[1])}{unit}" if bound else ""


def _table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head, *rows]]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _spread(low, high):
    return "" if low is None or low == high else f" ({number(low)} to {number(high)})"


def _row(each):
    unit = unit_of(each["value"])
    what = each["name"] + (", the greatest" if each["greatest"] and each["rounds"] > 1 else "")
    return [
        what,
        "not measured" if each["measured"] is None else number(each["measured"]) + unit + _spread(each["low"], each["high"]),
        _bound(each["goal"], unit) or (_bound(each["ratio_goal"]) + " of the yardstick" if each["ratio_goal"] else "none"),
        {None: "", True: "yes", False: "no"}[each["met"]],
        f"{each['yardstick']}: {number(each['beside'])}{unit_of(each['yardstick_value'] or each['value'])}" if each["beside"] is not None else "",
        "" if each["ratio"] is None else f"{each['ratio']:.3g}" + _ratio_spread(each),
        _bound(each["gross"]) + {None: "", True: "", False: " FAILED"}[each["passed"]],
        f"`BENCHES={each['bench']}`",
    ]


def _ratio_spread(each):
    return "" if each["ratio_low"] == each["ratio_high"] else f" ({each['ratio_low']:.3g} to {each['ratio_high']:.3g})"


HEAD = ["what", "measured (rounds)", "goal", "met", "yardstick of the same run", "ratio (rounds)", "gross", "`make bench`"]


def figures(judged):
    return _table(HEAD, [_row(each) for each in judged])


def short(judged):
    """The headlines: what the README of the project shows."""
    rows = [[row[0], row[1], row[2] + (", missed" if each["met"] is False else ""), row[4], row[5]]
            for each, row in ((each, _row(each)) for each in judged if each["headline"])]
    return _table(["what", "measured (rounds)", "goal", "beside, in the same run", "ratio (rounds)"], rows)


def curves(summaries):
    """Of what grows, each step: the figures have the ends alone. Nothing when it was not measured."""
    steps = [each for each in summaries if each["bench"] == "growth" and re.match(r"\d|text of", each["what"])]
    steps.sort(key=lambda each: int(re.search(r"\d+", each["what"])[0]))
    rows = [[each["about"], each["what"]] + [_cell(each["values"], name) for name in CURVES.values()]
            for about in dict.fromkeys(each["about"] for each in steps) for each in steps if each["about"] == about]
    return _table(["growth of", "at", *CURVES], rows) if rows else ""


CURVES = {"CPU an event (rounds)": "cpu_ns", "events a second, by the clock": "wall_per_s", "batches": "batches_per_s"}


def _cell(values, name):
    each = values.get(name)
    return number(each["median"]) + unit_of(name) + _spread(each["low"], each["high"]) if each else ""


def details(summaries):
    lines, before = [], None
    for each in summaries:
        if (each["bench"], each["about"]) != before:
            before = each["bench"], each["about"]
            lines.append(f"\n{each['bench']}: {each['about']}")
        values = [f"{name} {number(value['median'])}" + (f" ({number(value['low'])} to {number(value['high'])})" if value["rounds"] > 1 else "")
                  for name, value in each["values"].items()]
        lines.append(f"  {each['what']:<34} " + "   ".join(values))
    return "\n".join(lines)
