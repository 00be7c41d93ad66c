# The tables of a run, as text that is Markdown too.
from suite.measurements import number, unit_of


def _bound(bound, unit=""):
    return f"{'≤' if bound[0] == '<=' else '≥'} {number(bound[1])}{unit}" if bound else ""


def _table(head, rows):
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in [head, *rows]]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def figures(judged):
    rows = []
    for each in judged:
        unit = unit_of(each["value"])
        rows.append([
            each["name"],
            "not measured" if each["measured"] is None else number(each["measured"]) + unit,
            _bound(each["goal"], unit) or (_bound(each["ratio_goal"]) + " of the yardstick" if each["ratio_goal"] else "none"),
            {None: "", True: "yes", False: "no"}[each["met"]],
            f"{each['yardstick']}: {number(each['beside'])}{unit_of(each['yardstick_value'] or each['value'])}" if each["beside"] is not None else "",
            "" if each["ratio"] is None else f"{each['ratio']:.3g}",
            _bound(each["gross"]) + {None: "", True: "", False: " FAILED"}[each["passed"]],
        ])
    return _table(["what", "measured", "goal", "met", "yardstick of the same run", "ratio", "gross"], rows)


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
